// The progress of an answer, and the UTF-8 length of a text.

import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Piece, Progress } from "../../../../src/core/relay/answer.ts";
import { applyPiece, emptyProgress, isOverGrant } from "../../../../src/core/relay/answer.ts";
import { utf8Length } from "../../../../src/core/utf8-length.ts";

const USAGE = { input: 10, cached: 0, cacheWrite: 0, output: 1, reasoning: 0 };
const error = (message: string) => ({ message, type: "server_error", param: null, code: null });

it.each<[string, Piece[], Partial<Progress>]>([
  [
    "counts the bytes of text and of tool arguments, but not of thinking",
    [
      { kind: "text", text: "堰" },
      { kind: "tool", index: 0, id: "call_1", name: "forecast", arguments: '{"a":1}' },
      { kind: "thinking", text: "Hm." },
      { kind: "text", text: "abc" },
    ],
    { heard: true, begun: true, outputBytes: 3 + 7 + 3, ended: false },
  ],
  [
    "counts the calls that the provider ran",
    [{ kind: "provider_tool_call" }, { kind: "provider_tool_call" }],
    { providerToolCalls: 2 },
  ],
  [
    "keeps the first finish reason, because a refusal precedes the stop",
    [
      { kind: "finish", finish: "refusal" },
      { kind: "finish", finish: "stop" },
    ],
    { finish: "refusal" },
  ],
  [
    "keeps the last usage, because some providers send it as it grows",
    [
      { kind: "usage", usage: USAGE, alone: true },
      { kind: "usage", usage: { ...USAGE, output: 7 }, alone: true },
    ],
    { usage: { ...USAGE, output: 7 } },
  ],
  [
    "keeps the first error, because it is more specific",
    [{ kind: "error", error: error("First.") }, { kind: "error", error: error("Second.") }, { kind: "end" }],
    { error: error("First."), ended: true },
  ],
])("the progress %s", (_what, pieces, expected) => {
  const progress = emptyProgress();
  expect(progress).toEqual({ heard: false, begun: false, outputBytes: 0, ended: false });
  for (const piece of pieces) applyPiece(progress, piece);
  expect(progress).toMatchObject(expected);
});

it("an answer that was granted no tokens has no limit, because it is not priced by them", () => {
  const progress = { ...emptyProgress(), outputBytes: 10_000 };
  expect([0, 10, 2000].map((granted) => isOverGrant(progress, granted))).toEqual([false, true, false]);
});

it("the UTF-8 length is exact, and within a third of it for halves of surrogate pairs", () => {
  const encoder = new TextEncoder();
  const whole = fc.property(fc.string({ unit: "binary" }), (text) => utf8Length(text) === encoder.encode(text).length);
  fc.assert(whole, { numRuns: 300 });
  const units = fc.integer({ min: 0xd700, max: 0xe0ff }).map((unit) => String.fromCharCode(unit));
  const halves = fc.property(fc.string({ unit: units }), (text) => {
    const bytes = encoder.encode(text).length;
    return utf8Length(text) <= bytes && utf8Length(text) >= (bytes * 2) / 3;
  });
  fc.assert(halves, { numRuns: 300 });
});
