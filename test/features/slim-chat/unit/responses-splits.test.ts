// A Responses stream gives the same slim events as Chat Completions, however the network splits it.

import { describe, expect, it } from "vitest";
import { readChatEvent } from "../../../../src/dialects/chat-completions/decode.ts";
import { readResponsesEvent } from "../../../../src/dialects/responses/decode.ts";
import type { Dialect, Progress } from "../../../../src/core/relay/answer.ts";
import { createSlimCodec } from "../../../../src/features/slim-chat/codec.ts";
import { readEvents } from "../../../support/events.ts";
import { fromUtf8, toUtf8 } from "../../../support/chat-chunks.ts";
import type { GoldenName } from "../../../dialects/support/golden-streams.ts";
import { FRAMINGS, goldenData, toBytes, toEvents } from "../../../dialects/support/golden-streams.ts";
import type { RecordedName } from "../../../dialects/support/responses-events.ts";
import { recordedResponse, toNamedEvents } from "../../../dialects/support/responses-events.ts";
import { everyCutInTwo, singleBytes } from "../../../support/stream-cuts.ts";

interface Said {
  events: { name: string; data: unknown }[];
  progress: Progress;
}

/** What a stream in those pieces becomes. Neighbouring texts are one, as are thoughts, since a relay may join them. */
function slimOf(dialect: Dialect, pieces: Iterable<Uint8Array>): Said {
  const codec = createSlimCodec(dialect);
  let sent = "";
  for (const piece of pieces) {
    codec.push(piece);
    sent += fromUtf8(codec.take());
  }
  codec.finish();
  const events: Said["events"] = [];
  for (const { name, data } of readEvents(sent)) {
    const said: unknown = JSON.parse(data);
    const last = events.at(-1);
    if (typeof said === "string" && last?.name === name) last.data = `${String(last.data)}${said}`;
    else events.push({ name, data: said });
  }
  return { events, progress: codec.progress };
}

const framing = FRAMINGS["as OpenAI sends it"];
const overChat = (name: GoldenName) =>
  slimOf(readChatEvent, [toBytes(toEvents(goldenData(name), framing ?? { newline: "\n", comments: false }))]);

const text = (data: string) => ({ name: "text", data });
const used = (input: number, output: number, reasoning: number) => ({
  input,
  cached: 0,
  cacheWrite: 0,
  output,
  reasoning,
});
const TEXT = "A weir holds water back,\nmeasures it and lets it pass.";

/** What the streams say that have no counterpart in chat, or another usage. */
const broken = (() => {
  const { events, progress } = overChat("chat-error");
  const error = { message: progress.error?.message ?? "", type: "server_error", param: null, code: "server_error" };
  return { events, progress: { ...progress, error, usage: used(12, 19, 16) } };
})();
const multibyte = overChat("chat-multibyte");

const SAID: Record<RecordedName, Said> = {
  text: overChat("chat-text"),
  tools: overChat("chat-tools"),
  refusal: overChat("chat-refusal"),
  // The same text; only that it stopped by itself.
  multibyte: { ...multibyte, progress: { ...multibyte.progress, finish: "stop" } },
  "error-nested": broken,
  "error-flat": broken,
  incomplete: {
    events: [text("A weir holds water")],
    progress: { heard: true, outputBytes: 18, finish: "length", usage: used(12, 20, 16), ended: true },
  },
  reasoning: {
    events: [{ name: "thinking", data: "**Thinking of water**\n\nThe Aare is 8 °C today." }, text(TEXT)],
    progress: { heard: true, outputBytes: 54, finish: "stop", usage: used(12, 152, 128), ended: true },
  },
};

const CASES = (Object.keys(SAID) as RecordedName[]).flatMap((name) =>
  Object.entries(FRAMINGS).map(([framing, how]) => {
    const bytes = toBytes(toNamedEvents(recordedResponse(name), how));
    return { name, framing, bytes, said: SAID[name] };
  }),
);

/** Short recordings that hold every kind of border: characters of several bytes, and an error. */
const CUT_AT_EVERY_BYTE = new Set(["multibyte", "error-flat"]);

describe.each(CASES)("$name over Responses, $framing,", ({ name, bytes, said }) => {
  const check = (pieces: Uint8Array[]) => {
    expect(slimOf(readResponsesEvent, pieces)).toEqual(said);
  };

  it("is what the phone is told over Chat Completions", () => {
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

const summary = (type: string, more: object) => ({ type: `response.reasoning_summary_${type}`, ...more });

describe("a summary of several parts", () => {
  const stream = [
    summary("part.added", { summary_index: 0, part: { type: "summary_text", text: "" } }),
    summary("text.delta", { summary_index: 0, delta: "First" }),
    summary("part.added", { summary_index: 1, part: { type: "summary_text", text: "" } }),
    summary("text.delta", { summary_index: 1, delta: "Second" }),
    { type: "response.output_text.delta", delta: "Said" },
  ];

  it("has a paragraph between them, and stands before what was said", () => {
    const bytes = toUtf8(toNamedEvents(stream, { newline: "\n", comments: false }).join(""));
    expect(slimOf(readResponsesEvent, [bytes]).events).toEqual([
      { name: "thinking", data: "First\n\nSecond" },
      text("Said"),
    ]);
  });
});
