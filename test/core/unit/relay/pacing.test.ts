// The pauses between writes and reads: none for a slow answer, short ones for a fast one, growing ones for slim text.

import { describe, expect, it } from "vitest";
import { paceAtOnce, paceCoalesced } from "../../../../src/core/relay/pacing.ts";

/** The pause after each read. */
const pausesAfter = (readsMs: number[]) => {
  const pacing = paceAtOnce();
  return readsMs.map((tookMs) => {
    pacing.readTook(tookMs);
    return pacing.pauseMs();
  });
};

const pausesOf = (coalesceMs: number, count: number) => {
  const pacing = paceCoalesced(coalesceMs);
  return Array.from({ length: count }, () => pacing.pauseMs());
};

describe("an answer that is sent at once", () => {
  it("is never paused while each chunk is waited for", () => {
    expect(pausesAfter([20, 20, 4, 3, 20, 5, 4])).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it("is not paused by a few chunks that arrive together", () => {
    expect(pausesAfter([20, 0, 1, 2, 20, 0, 0, 0, 20])).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("pauses 8 ms after four quick reads in a row, until a read waits for its chunk", () => {
    expect(pausesAfter([20, 0, 1, 2, 0, 0, 0, 20, 0])).toEqual([0, 0, 0, 0, 8, 8, 8, 0, 0]);
  });
});

describe("an answer that is coalesced", () => {
  it("pauses for the configured time at first, then twice as long each time, up to 200 ms", () => {
    expect(pausesOf(40, 6)).toEqual([40, 80, 160, 200, 200, 200]);
  });

  it("never pauses for less than the configured time", () => {
    expect(pausesOf(500, 3)).toEqual([500, 500, 500]);
  });
});
