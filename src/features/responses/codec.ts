// A stream of Responses passed on event by event, unchanged but for errors: of those there are two shapes, which clients
// read only in one, and the words of a provider's own troubles are not for callers.

import type { ErrorBody } from "../../core/errors.ts";
import { emptyProgress, note } from "../../core/relay/answer.ts";
import type { Codec } from "../../core/relay/codec.ts";
import { createEventReader } from "../../core/relay/events.ts";
import { readResponsesEvent } from "../../dialects/responses/decode.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

type Json = Record<string, unknown>;

/** What is read of an event where its pieces do not say it. */
interface Event {
  sequence_number?: number;
  response?: Json;
  type?: string;
  output_index?: number;
  item?: Json;
  delta?: string;
}

/** With `gated`, what is pushed has been judged, and may be followed by a block. */
export function createResponsesPassCodec(gated = false): Codec {
  const read = createEventReader();
  const progress = emptyProgress();
  let pending = "";
  /** The data of the last event that was passed on, of which the number is read only in case of need. */
  let last = "{}";
  let response: Json = {};
  /** The items that have begun, where they may be blocked, and the text of each. */
  const items: Json[] = [];
  const texts: string[] = [];

  const nextNumber = () => ((JSON.parse(last) as Event).sequence_number ?? 0) + 1;
  const keep = ({ type, output_index: at, item, delta }: Event) => {
    if (at === undefined) return;
    if (item) items[at] = item;
    if (type === "response.output_text.delta") texts[at] = (texts[at] ?? "") + (delta ?? "");
  };

  return {
    progress,
    pace: "at once",
    push(bytes) {
      for (const { raw, data } of read(bytes)) {
        if (progress.ended) return;
        const pieces = data === undefined ? [] : readResponsesEvent(data);
        for (const piece of pieces) note(progress, piece);
        if (data !== undefined) {
          progress.heard = true;
          // The first event, and the last one, hold the response itself.
          if (pieces.length === 0 || progress.ended) response = (JSON.parse(data) as Event).response ?? response;
          if (gated) keep(JSON.parse(data) as Event);
        }
        if (pieces.some(({ kind }) => kind === "error")) continue;
        pending += raw;
        last = data ?? last;
      }
    },
    take() {
      if (pending === "") return NOTHING;
      const bytes = encoder.encode(pending);
      pending = "";
      return bytes;
    },
    finish: () => undefined,
    conclude: () => NOTHING,
    block() {
      // Clients find each item by its place.
      const output = items.map((item, at) => {
        const content = [{ type: "output_text", text: texts[at] ?? "", annotations: [] }];
        return item["type"] === "message" ? Object.assign(item, { status: "incomplete", content }) : item;
      });
      const blocked = { ...response, output, status: "incomplete", incomplete_details: { reason: "content_filter" } };
      return encoder.encode(toEvent("response.incomplete", nextNumber(), { response: blocked }));
    },
    fail(error) {
      const number = nextNumber();
      const { message, code } = error;
      const failed = { ...response, status: "failed", error: { code: code ?? "server_error", message } };
      return encoder.encode(
        toEvent("error", number, { error }) + toEvent("response.failed", number + 1, { response: failed }),
      );
    },
  };
}

/** Both shapes of an error's event that there are have its type and number beside it; nested is what clients read. */
function toEvent(type: string, sequenceNumber: number, rest: { error: ErrorBody } | { response: unknown }): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequenceNumber, ...rest })}\n\n`;
}
