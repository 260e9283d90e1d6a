// The progress that is noted of an answer, and the UTF-8 length of a text.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Piece } from "../../../../src/core/relay/answer.ts";
import { emptyProgress, applyPiece, utf8Length } from "../../../../src/core/relay/answer.ts";

const encoder = new TextEncoder();
const progressOf = (...pieces: Piece[]) => {
  const progress = emptyProgress();
  for (const piece of pieces) applyPiece(progress, piece);
  return progress;
};

describe("the progress of an answer", () => {
  it("is nothing before anything was heard", () => {
    expect(progressOf()).toEqual({ heard: false, outputBytes: 0, ended: false });
  });

  it("counts the bytes of text and of tool arguments", () => {
    const pieces: Piece[] = [
      { kind: "text", text: "堰" },
      { kind: "tool", index: 0, id: "call_1", name: "forecast", arguments: '{"a":1}' },
      { kind: "text", text: "abc" },
    ];
    expect(progressOf(...pieces)).toMatchObject({ heard: true, outputBytes: 3 + 7 + 3 });
  });

  it("keeps the first reason to stop, since a refusal is told before the stop that follows it", () => {
    const pieces: Piece[] = [
      { kind: "finish", finish: "refusal" },
      { kind: "finish", finish: "stop" },
    ];
    expect(progressOf(...pieces).finish).toBe("refusal");
  });

  it("keeps the last usage, since some providers send it as it grows", () => {
    const usage = { input: 10, cached: 0, cacheWrite: 0, output: 1, reasoning: 0 };
    const pieces: Piece[] = [
      { kind: "usage", usage, alone: true },
      { kind: "usage", usage: { ...usage, output: 7 }, alone: true },
    ];
    expect(progressOf(...pieces).usage).toEqual({ ...usage, output: 7 });
  });
});

describe("the length of a text in UTF-8", () => {
  it("of halves of surrogate pairs is never more, and at least two of the encoder's three bytes", () => {
    const units = fc.integer({ min: 0xd700, max: 0xe0ff }).map((unit) => String.fromCharCode(unit));
    const property = fc.property(fc.string({ unit: units }), (text) => {
      const bytes = encoder.encode(text).length;
      expect(utf8Length(text)).toBeLessThanOrEqual(bytes);
      expect(utf8Length(text)).toBeGreaterThanOrEqual((bytes * 2) / 3);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
