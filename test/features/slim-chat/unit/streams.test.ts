// Recorded streams in both dialects give the same slim events, in one piece and byte by byte.

import { expect, it } from "vitest";
import type { Progress } from "../../../../src/core/relay/answer.ts";
import type { Dialect } from "../../../../src/core/relay/dialect.ts";
import { createDecodingCodec } from "../../../../src/core/relay/event-codec.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { slimEvents } from "../../../../src/features/slim-chat/codec.ts";
import { recordedChat, recordedResponse, toEvent } from "../../../dialects/support/responses-events.ts";
import { toUtf8 } from "../../../support/chat-chunks.ts";
import type { SlimEvent } from "../../../support/slim-stream.ts";
import { pushAll } from "../../../support/codec-output.ts";
import { readSlim } from "../../../support/slim-stream.ts";
import { singleBytes } from "../../../support/stream-cuts.ts";

interface Golden {
  events: SlimEvent[];
  progress: Progress;
}

const text = (data: string): SlimEvent => ({ name: "text", data });
const tool = (id: string, name: string, args: string): SlimEvent => ({
  name: "tool",
  data: { id, name, arguments: args },
});
const usage = (input: number, cached: number, output: number, reasoning: number) => ({
  usage: { input, cached, cacheWrite: 0, output, reasoning },
});
const ENDED = { heard: true, begun: true, ended: true };
const WEIR = text("A weir holds water back,\nmeasures it and lets it pass.");
const MULTIBYTE = text('Ein Wehr: 🦫🌊 堰是一道矮墙，👩🏽‍🔧 e\u0301 \u2028 "quoted" \\ \t end');
const error = {
  message: "The server had an error while processing your request. Sorry about that!",
  type: "server_error",
  param: null,
};

const BOTH: Record<string, Golden> = {
  text: { events: [WEIR], progress: { ...ENDED, outputBytes: 54, finish: "stop", ...usage(12, 4, 40, 16) } },
  tools: {
    events: [
      tool("call_Zq8", "water_level", '{"river":"Aare"}'),
      tool("call_Zq9", "forecast", '{"days":3,"place":"Zürich"}'),
    ],
    progress: { ...ENDED, outputBytes: 44, finish: "tool_calls", ...usage(88, 0, 61, 32) },
  },
  refusal: {
    events: [text("I'm sorry, I can't help with that.")],
    progress: { ...ENDED, outputBytes: 34, finish: "refusal", ...usage(20, 0, 9, 0) },
  },
};
const broken: Golden = {
  events: [text("A weir holds")],
  progress: { ...ENDED, outputBytes: 12, error: { ...error, code: "server_error" }, ...usage(12, 0, 19, 16) },
};
const multibyte = { ...ENDED, outputBytes: 80, ...usage(9, 0, 2000, 0) };

const CHAT: Record<string, Golden> = {
  ...BOTH,
  error: { events: broken.events, progress: { ...ENDED, outputBytes: 12, error: { ...error, code: null } } },
  multibyte: { events: [MULTIBYTE], progress: { ...multibyte, finish: "length" } },
};
const RESPONSES: Record<string, Golden> = {
  ...BOTH,
  "error-nested": broken,
  "error-flat": broken,
  multibyte: { events: [MULTIBYTE], progress: { ...multibyte, finish: "stop" } },
  incomplete: {
    events: [text("A weir holds water")],
    progress: { ...ENDED, outputBytes: 18, finish: "length", ...usage(12, 0, 20, 16) },
  },
  reasoning: {
    events: [{ name: "thinking", data: "**Thinking of water**\n\nThe Aare is 8 °C today." }, WEIR],
    progress: { ...ENDED, outputBytes: 54, finish: "stop", ...usage(12, 0, 152, 128) },
  },
};

function slimOf(dialect: Dialect, pieces: Iterable<Uint8Array>): Golden {
  const codec = createDecodingCodec(
    dialect,
    slimEvents(
      () => null,
      () => "call_new",
    ),
  );
  return { events: readSlim(pushAll(codec, pieces)), progress: codec.progress };
}

const CASES: [string, string, Dialect, string[], Golden][] = [
  ...Object.entries(CHAT).map(([name, golden]): (typeof CASES)[0] => [
    name,
    "Chat Completions",
    chatDialect,
    recordedChat(name),
    golden,
  ]),
  ...Object.entries(RESPONSES).map(([name, golden]): (typeof CASES)[0] => [
    name,
    "Responses",
    responsesDialect,
    recordedResponse(name).map(toEvent),
    golden,
  ]),
];

it.each(CASES)("the recording %s over %s", (_name, _dialect, dialect, events, golden) => {
  const bytes = toUtf8(events.join(""));
  expect(slimOf(dialect, [bytes])).toEqual(golden);
  expect(slimOf(dialect, singleBytes(bytes))).toEqual(golden);
});
