// Usage of a pass-through stream, from its last bytes: the same as if every event had been parsed.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createUsageTap } from "../../../../src/core/relay/usage-tap.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { DONE, errorFrame, finishChunk, sse, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { arbitraryCuts, cutAt, singleBytes } from "../../../support/stream-cuts.ts";

const TAIL_BYTES = 4096;
const MAX_BUFFERED_BYTES = 524_288;
const USAGE = { input: 12, cached: 0, cacheWrite: 0, output: 30, reasoning: 0 };
const END = finishChunk() + usageChunk(12, 30) + DONE;
const INVALID = sse("<html>Bad gateway</html>");

/** A tap that got these pieces: its progress, the number of parsed events, and what `finish` threw. */
function tapped(pieces: Iterable<Uint8Array>) {
  let parsed = 0;
  const decode = (data: string) => {
    parsed += 1;
    if (data.startsWith("<")) throw new Error(data);
    return chatDialect.decode(data);
  };
  const tap = createUsageTap({ ...chatDialect, decode });
  // One buffer for all reads, as in the relay: a tap must copy what it keeps.
  const buffer = new Uint8Array(100_000);
  for (const piece of pieces) {
    buffer.fill(0).set(piece);
    tap.push(buffer.subarray(0, piece.length));
  }
  try {
    tap.finish();
  } catch (thrown) {
    return { progress: tap.progress, parsed, thrown: String(thrown) };
  }
  return { progress: tap.progress, parsed, thrown: undefined };
}

function chunksOf(text: string, size = 1000): Uint8Array[] {
  const bytes = toUtf8(text);
  return cutAt(
    bytes,
    Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => (index + 1) * size),
  );
}

const textOf = (events: number, word = "water ") => textChunk(word).repeat(events);
const COMPLETE = { heard: true, finish: "stop", usage: USAGE, ended: true };

describe("an answer with usage", () => {
  it("is metered by its tail alone", () => {
    const { progress, parsed } = tapped(chunksOf(textOf(4000) + END));
    expect(progress).toMatchObject(COMPLETE);
    expect(parsed * textChunk("water ").length).toBeLessThan(2 * TAIL_BYTES);
  });

  it("has its usage wherever the tail starts inside a character or an event", () => {
    for (let more = 0; more < 250; more++) {
      const text = `${textOf(150, "堰🦫")}${sse({ choices: [], note: "é".repeat(more) })}${END}`;
      const { progress } = tapped(chunksOf(text, 997));
      expect(progress, String(more)).toMatchObject(COMPLETE);
      expect(progress.error).toBeUndefined();
    }
  });

  it.each([
    ["an event that is longer than the tail", textChunk("x".repeat(3 * TAIL_BYTES))],
    ["a text that quotes another answer's end", textChunk(`\n\n${usageChunk(7, 7)}${DONE}\n\ndata: {"error":{}}\n\n`)],
    ["more bytes than are buffered", textOf(20_000)],
  ])("has its usage after %s", (_what, events) => {
    const { progress } = tapped(chunksOf(textChunk("Hel") + events + END, 30_000));
    expect(progress).toMatchObject(COMPLETE);
    expect(progress.error).toBeUndefined();
  });

  it("has its usage and its end however it is cut", () => {
    const bytes = toUtf8(textOf(150, "堰🦫") + END);
    // The finish reason can be lost, where a cut goes through its event. Nothing is charged by it.
    const { finish: _, ...known } = COMPLETE;
    expect(tapped(singleBytes(bytes)).progress).toMatchObject(known);
    const property = fc.property(arbitraryCuts(bytes), (cuts) => {
      expect(tapped(cutAt(bytes, cuts)).progress).toMatchObject(known);
    });
    fc.assert(property, { numRuns: 100 });
  });
});

describe("an invalid event", () => {
  describe.each([
    ["shorter than the tail", 20, 0, TAIL_BYTES],
    ["longer than the tail", 1000, TAIL_BYTES, MAX_BUFFERED_BYTES],
    ["longer than the buffer", 16_000, MAX_BUFFERED_BYTES, Infinity],
  ])("in an answer %s", (_what, events, longerThan, shorterThan) => {
    it.each([
      ["in the middle", events / 2],
      ["right before the end", 0],
    ])("is skipped, %s, and the usage after it is found", (_where, after) => {
      const text = textOf(events - after) + INVALID + textOf(after) + END;
      expect(text.length > longerThan && text.length < shorterThan).toBe(true);
      for (const size of [500, 30_000]) {
        const { progress, thrown } = tapped(chunksOf(textChunk("Hel") + text, size));
        expect(progress).toMatchObject(COMPLETE);
        // It is reported only when it was parsed.
        expect(thrown !== undefined).toBe(after === 0 || events !== 1000);
      }
    });

    it("is not counted in an answer without usage", () => {
      const text = textOf(events / 2) + INVALID + textOf(events / 2) + finishChunk() + DONE;
      const { progress, thrown } = tapped(chunksOf(text, 997));
      expect(progress).toEqual({ heard: true, begun: true, outputBytes: 6 * events, finish: "stop", ended: true });
      expect(thrown).toBeDefined();
    });
  });

  it("is reported at the end, the first one of several", () => {
    const { progress, thrown } = tapped([textChunk("Hel") + sse("<first>"), sse("<second>") + END].map(toUtf8));
    expect(thrown).toBe("Error: <first>");
    expect(progress).toMatchObject(COMPLETE);
  });

  it("is refused at once when it is the first event", () => {
    expect(() => createUsageTap(chatDialect).push(toUtf8(INVALID))).toThrow();
  });

  it("without an end is refused at the end, and the events around it count", () => {
    const endless = Array.from({ length: 300 }, () => toUtf8("x".repeat(30_000)));
    const after = toUtf8(`\n\n${textChunk("lo")}${errorFrame("It broke.")}`);
    const { progress, thrown } = tapped([toUtf8(textChunk("Hel")), ...endless, after]);
    expect(thrown).toContain("more than 8388608 characters");
    expect(progress).toMatchObject({ outputBytes: 5, error: { message: "It broke." }, ended: true });
  });
});

describe("an answer without usage or end", () => {
  it.each([
    ["that ended", finishChunk() + DONE, { finish: "stop", ended: true }],
    ["that broke off", "", { ended: false }],
    ["that broke off inside an event", textChunk("lost").slice(0, 20), { ended: false }],
    ["that failed", errorFrame("It broke."), { ended: true, error: { message: "It broke." } }],
  ])("%s is metered by all of its bytes", (_how, end, expected) => {
    for (const events of [10, 1000, 20_000]) {
      const { progress } = tapped(chunksOf(textOf(events, "堰🦫") + end, 10_000));
      expect(progress).toMatchObject({ outputBytes: events * 7, ...expected });
      expect(progress.usage).toBeUndefined();
    }
  });

  it("is metered by all of its bytes also when usage came, but not the end", () => {
    const { progress } = tapped(chunksOf(textOf(1000) + usageChunk(12, 30)));
    expect(progress).toEqual({ heard: true, begun: true, outputBytes: 6000, usage: USAGE, ended: false });
  });
});

it("an answer counts as started with its first event, not with a comment or part of an event", () => {
  const tap = createUsageTap(chatDialect);
  for (const piece of [": processing\n\n", textChunk("Hel").slice(0, 9)]) {
    tap.push(toUtf8(piece));
    expect(tap.progress.heard).toBe(false);
  }
  tap.push(toUtf8(textChunk("Hel").slice(9)));
  expect(tap.progress).toMatchObject({ heard: true, begun: true, outputBytes: 3 });
});
