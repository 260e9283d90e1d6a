// The decoder of transcripts: text, usage by its type, errors, and text that repeats.

import { describe, expect, it } from "vitest";
import type { Piece } from "../../../../src/core/relay/answer.ts";
import { createTranscriptDialect } from "../../../../src/features/transcription/dialect.ts";

const timed = createTranscriptDialect(true);
const counted = createTranscriptDialect(false);

const TOKENS = {
  type: "tokens",
  input_tokens: 14,
  input_token_details: { text_tokens: 4, audio_tokens: 10 },
  output_tokens: 45,
  total_tokens: 59,
};
const NOTHING = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };
const COUNTED = { ...NOTHING, input: 14, output: 45, audio: { input: 10, cached: 0, output: 0 } };

const usageIn = (pieces: Piece[]) => pieces.flatMap((piece) => (piece.kind === "usage" ? [piece.usage] : []))[0];

describe("the usage", () => {
  it.each<[string, object, object | undefined]>([
    ["in seconds", { usage: { type: "duration", seconds: 11 } }, { ...NOTHING, audioSeconds: 11 }],
    ["in parts of a second", { usage: { type: "duration", seconds: 8.01 } }, { ...NOTHING, audioSeconds: 9 }],
    ["as the duration", { duration: 8.47 }, { ...NOTHING, audioSeconds: 9 }],
    [
      "in seconds, beside the duration",
      { duration: 8.47, usage: { type: "duration", seconds: 10 } },
      { ...NOTHING, audioSeconds: 10 },
    ],
    ["in tokens", { usage: TOKENS }, COUNTED],
    ["in tokens without a type", { usage: { ...TOKENS, type: undefined } }, COUNTED],
    ["of no seconds", { duration: 0, usage: { type: "duration", seconds: 0 } }, undefined],
    ["of too many seconds for any file", { duration: 1e300, usage: { type: "duration", seconds: 1e9 } }, undefined],
    ["of a wrong type", { usage: { type: "duration", seconds: "10" } }, undefined],
    ["as null", { usage: null }, undefined],
    ["missing", {}, undefined],
  ])("%s is read by its type", (_, fields, usage) => {
    expect(usageIn(timed.decodeWhole(JSON.stringify({ text: "A river.", ...fields })).pieces)).toEqual(usage);
  });

  it("in seconds is ignored for a model that is priced by tokens", () => {
    const usage = { type: "duration", seconds: 11 };
    expect(usageIn(counted.decodeWhole(JSON.stringify({ text: "A river.", usage })).pieces)).toBeUndefined();
  });
});

const event = (type: string, fields: object) => JSON.stringify({ type: `transcript.text.${type}`, ...fields });
const DELTA = event("delta", { delta: "A river." });
const DONE = event("done", { text: "A river.", usage: TOKENS });
const SEGMENT = event("segment", { id: "seg_1", speaker: "A", start: 0, end: 1, text: "A river." });

/** The text of the pieces of some events, and the text that is moderated for each. */
function textsOf(events: string[]) {
  const seen = new Set<string>();
  const decoded = events.map((data) => counted.decode(data, seen));
  return decoded.map(({ pieces, json }) => [
    pieces.map((piece) => (piece.kind === "text" ? piece.text : "")).join(""),
    json === undefined ? undefined : counted.allText(json),
  ]);
}

describe("the text", () => {
  it("of the deltas counts once, although later events repeat it", () => {
    expect(textsOf([DELTA, SEGMENT, DONE, "[DONE]"])).toEqual([
      ["A river.", "A river."],
      ["", ""],
      ["", ""],
      ["", undefined],
    ]);
  });

  it("counts in the first event that has it", () => {
    expect(textsOf([SEGMENT, SEGMENT, DONE]).map(([text]) => text)).toEqual(["A river.", "A river.", ""]);
    expect(textsOf([DONE]).map(([text]) => text)).toEqual(["A river."]);
  });

  it("of an unknown event is moderated, and log probabilities are not", () => {
    const logprobs = [{ token: "A", logprob: 0 }];
    expect(counted.allText({ type: "transcript.text.other", words_of_wisdom: "Ebb." })).toBe("Ebb.");
    expect(counted.allText({ text: "A river.", logprobs, language: "english", segments: [{ text: "A river." }] })).toBe(
      "A river.",
    );
  });
});

it("a stream ends with the usage, a finish reason and the end mark", () => {
  expect(counted.decode(DONE, new Set(["delta"])).pieces).toEqual([
    { kind: "usage", usage: COUNTED, alone: false },
    { kind: "finish", finish: "stop" },
  ]);
  expect(counted.decode("[DONE]").pieces).toEqual([{ kind: "end" }]);
});

it.each([
  [
    "an event",
    (text: string) => counted.decode(text),
    { type: "error", error: { message: "No.", type: "server_error" } },
  ],
  ["an event without a type", (text: string) => counted.decode(text), { error: { message: "No." } }],
  ["a whole answer", (text: string) => counted.decodeWhole(text), { error: { message: "No." } }],
])("an error in %s ends the answer", (_, decode, json) => {
  expect(decode(JSON.stringify(json)).pieces).toEqual([
    { kind: "error", error: { message: "No.", type: "server_error", param: null, code: null } },
    { kind: "end" },
  ]);
});

it.each(["", "[]", "{}", '{"text":null}', "<html>"])("a whole answer of %j is not valid", (body) => {
  expect(() => counted.decodeWhole(body)).toThrow();
});
