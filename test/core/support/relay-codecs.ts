// The smallest codecs that the relay can work with: text as JSON events, and bytes that pass unchanged.

import type { Codec } from "../../../src/core/relay/codec.ts";
import { createEventReader } from "../../../src/core/relay/events.ts";
import { createDecodingCodec } from "../../../src/core/relay/event-codec.ts";
import { createUsageTap } from "../../../src/core/relay/usage-tap.ts";
import { chatDialect } from "../../../src/dialects/chat-completions/decode.ts";
import { toUtf8 } from "../../support/chat-chunks.ts";

const toEvent = (name: string, data: unknown) => toUtf8(`event:${name}\ndata:${JSON.stringify(data)}\n\n`);

/** Sends the text of a chat stream, coalesced: `data:"text"`, then `done`, `cancelled` or `failed`. */
export function createTextCodec(): Codec {
  return createDecodingCodec(chatDialect, () => {
    let text = "";
    return {
      pace: "coalesced",
      push({ pieces }) {
        for (const piece of pieces) if (piece.kind === "text") text += piece.text;
      },
      take() {
        const taken = text === "" ? "" : `data:${JSON.stringify(text)}\n\n`;
        text = "";
        return toUtf8(taken);
      },
      conclude: (settled) => toEvent("done", settled),
      cancel: (settled) => toEvent("cancelled", settled),
      fail: (error) => toEvent("failed", { error }),
      block: (error) => toEvent("failed", { error }),
    };
  });
}

/** Passes a chat stream as it came, in whole events. */
export function createByteCodec(): Codec {
  const tap = createUsageTap(chatDialect);
  const { read } = createEventReader();
  let pending = "";
  return {
    progress: tap.progress,
    pace: "at once",
    push(bytes) {
      tap.push(bytes);
      for (const { raw, data } of read(bytes)) {
        pending += raw;
        if (data === "[DONE]") tap.progress.ended = true;
      }
    },
    take() {
      const taken = toUtf8(pending);
      pending = "";
      return taken;
    },
    finish: () => tap.finish(),
    isOverGrant: (grantedOutput) => tap.isOverGrant(grantedOutput),
    conclude: () => toUtf8(""),
    fail: (error) => toUtf8(`data: ${JSON.stringify({ error })}\n\n`),
    block: () => toUtf8(""),
  };
}
