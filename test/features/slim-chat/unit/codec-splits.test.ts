// uses: chat-completions
// A Chat Completions stream gives the same answer and the same progress, however the network splits it.

import { describe, expect, it } from "vitest";
import { readChatEvent } from "../../../../src/dialects/chat-completions/decode.ts";
import type { Progress } from "../../../../src/core/relay/answer.ts";
import type { Codec } from "../../../../src/core/relay/codec.ts";
import { createPassCodec } from "../../../../src/features/chat-completions/codec.ts";
import { createSlimCodec } from "../../../../src/features/slim-chat/codec.ts";
import type { GoldenName } from "../../../dialects/support/golden-streams.ts";
import { FRAMINGS, goldenData, toBytes, toEvents } from "../../../dialects/support/golden-streams.ts";
import type { SlimEvent } from "../../../support/slim-stream.ts";
import { readSlim } from "../../../support/slim-stream.ts";
import { everyCutInTwo, singleBytes } from "../../../support/stream-cuts.ts";

interface Golden {
  events: SlimEvent[];
  progress: Progress;
}

const text = (data: string): SlimEvent => ({ name: "text", data });
const tool = (id: string, name: string, args: string): SlimEvent => ({
  name: "tool",
  data: { id, name, arguments: args },
});

/** What each recorded stream says, read by a person. */
const GOLDEN: Record<GoldenName, Golden> = {
  "chat-text": {
    events: [text("A weir holds water back,\nmeasures it and lets it pass.")],
    progress: {
      heard: true,
      outputBytes: 54,
      finish: "stop",
      usage: { input: 12, cached: 4, cacheWrite: 0, output: 40, reasoning: 16 },
      ended: true,
    },
  },
  "chat-tools": {
    events: [
      tool("call_Zq8", "water_level", '{"river":"Aare"}'),
      tool("call_Zq9", "forecast", '{"days":3,"place":"Zürich"}'),
    ],
    progress: {
      heard: true,
      outputBytes: 44,
      finish: "tool_calls",
      usage: { input: 88, cached: 0, cacheWrite: 0, output: 61, reasoning: 32 },
      ended: true,
    },
  },
  "chat-refusal": {
    events: [text("I'm sorry, I can't help with that.")],
    progress: {
      heard: true,
      outputBytes: 34,
      finish: "refusal",
      usage: { input: 20, cached: 0, cacheWrite: 0, output: 9, reasoning: 0 },
      ended: true,
    },
  },
  "chat-error": {
    events: [text("A weir holds")],
    progress: {
      heard: true,
      outputBytes: 12,
      error: {
        message: "The server had an error while processing your request. Sorry about that!",
        type: "server_error",
        param: null,
        code: null,
      },
      ended: true,
    },
  },
  "chat-multibyte": {
    events: [text('Ein Wehr: 🦫🌊 堰是一道矮墙，👩🏽‍🔧 e\u0301 \u2028 "quoted" \\ \t end')],
    progress: {
      heard: true,
      outputBytes: 80,
      finish: "length",
      usage: { input: 9, cached: 0, cacheWrite: 0, output: 2000, reasoning: 0 },
      ended: true,
    },
  },
};

/** Feeds a codec those pieces, taking after each, and gives all that it sent; its progress is complete then. */
function run(codec: Codec, pieces: Iterable<Uint8Array>): Buffer {
  const sent: Uint8Array[] = [];
  for (const piece of pieces) {
    codec.push(piece);
    sent.push(codec.take());
  }
  codec.finish();
  return Buffer.concat(sent);
}

const slimOf = (pieces: Uint8Array[]) => {
  const codec = createSlimCodec(readChatEvent);
  return { events: readSlim(run(codec, pieces)), progress: codec.progress };
};
const passOf = (pieces: Uint8Array[], keepUsage: boolean) => {
  const codec = createPassCodec(readChatEvent, { keepUsage });
  return { wire: run(codec, pieces).toString(), metered: meteredOf(codec.progress) };
};
/** What an answer that passes is charged by: where its usage came, nobody has to know its text or why it stopped. */
const meteredOf = ({ outputBytes, finish, ...known }: Progress) =>
  known.usage ? known : { outputBytes, finish, ...known };

const isUsageOnly = (event: string) => event.includes('"choices":[]');
const isError = (event: string) => event.includes('"error":');

const CASES = (Object.keys(GOLDEN) as GoldenName[]).flatMap((name) =>
  Object.entries(FRAMINGS).map(([framing, how]) => {
    const events = toEvents(goldenData(name), how);
    return { name, framing, bytes: toBytes(events), events, golden: GOLDEN[name] };
  }),
);

/** Short recordings that hold every kind of border: characters of several bytes, and an error. */
const CUT_AT_EVERY_BYTE = new Set(["chat-multibyte", "chat-error"]);

describe.each(CASES)("$name $framing", ({ name, bytes, events, golden }) => {
  // The provider's own error frame is not passed on: it is replaced by one of ours.
  const passed = events.filter((event) => !isError(event));
  const withoutUsage = passed.filter((event) => !isUsageOnly(event)).join("");
  const metered = meteredOf(golden.progress);
  const check = (pieces: Uint8Array[]) => {
    expect(slimOf(pieces)).toEqual(golden);
    // What passes natively is only metered.
    expect(passOf(pieces, true)).toEqual({ wire: "", metered });
    expect(passOf(pieces, false)).toEqual({ wire: withoutUsage, metered });
  };

  it("is the same in one piece and in single bytes", () => {
    check([bytes]);
    check(singleBytes(bytes));
  });

  it.runIf(CUT_AT_EVERY_BYTE.has(name))(
    "is the same cut in two at every byte",
    () => {
      for (const pieces of everyCutInTwo(bytes)) check(pieces);
    },
    30_000,
  );
});
