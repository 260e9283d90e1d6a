// Usage of a pass-through stream, from its last bytes: the same as if every event had been parsed.

import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readChatEvent } from "../../../../src/dialects/chat-completions/decode.ts";
import type { Progress } from "../../../../src/core/relay/answer.ts";
import { emptyProgress, applyPiece } from "../../../../src/core/relay/answer.ts";
import { createAside } from "../../../../src/core/relay/usage-tap.ts";
import { createEventReader } from "../../../../src/core/relay/events.ts";
import { DONE, errorFrame, finishChunk, sse, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { arbitraryCuts, cutAt, singleBytes } from "../../../support/stream-cuts.ts";

/** Of an answer that tells its usage there, only so much is parsed. */
const TAIL_BYTES = 4096;
const MOST_KEPT_BYTES = 524_288;
const USAGE = { input: 12, cached: 0, cacheWrite: 0, output: 30, reasoning: 0 };
const END = finishChunk() + usageChunk(12, 30) + DONE;

/** The aside of an answer in those pieces, and how many events its dialect was asked about. */
function concluded(pieces: Iterable<Uint8Array>) {
  let parsed = 0;
  const aside = createAside((data) => {
    parsed += 1;
    return readChatEvent(data);
  });
  for (const piece of pieces) aside.push(piece);
  aside.finish();
  return { progress: aside.progress, parsed };
}

/** The bytes as a network gives them. */
function chunksOf(text: string, size = 1000): Uint8Array[] {
  const bytes = toUtf8(text);
  const positions = Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => (index + 1) * size);
  return cutAt(bytes, positions);
}

/** What every event says. */
function everythingIn(text: string): Progress {
  const progress = emptyProgress();
  for (const { data } of createEventReader()(toUtf8(text))) {
    for (const piece of data === undefined ? [] : readChatEvent(data)) applyPiece(progress, piece);
  }
  return progress;
}

const textOf = (events: number, word = "water ") => textChunk(word).repeat(events);

describe("an answer with usage", () => {
  it("that is long is metered by its tail alone", () => {
    const { progress, parsed } = concluded(chunksOf(textOf(4000) + END));
    expect(progress).toMatchObject({ heard: true, finish: "stop", usage: USAGE, ended: true });
    expect(parsed * textChunk("water ").length).toBeLessThan(2 * TAIL_BYTES);
  });

  it("has its usage where the tail begins inside a character or an event", () => {
    const first = textChunk("Hel");
    for (let more = 0; more < 250; more++) {
      const text = `${first}${textOf(150, "堰🦫")}${sse({ choices: [], note: "é".repeat(more) })}${END}`;
      const { progress } = concluded(chunksOf(text, 997));
      expect(progress, String(more)).toMatchObject({ finish: "stop", usage: USAGE, ended: true });
      expect(progress.error).toBeUndefined();
    }
  });

  it("has its usage though a single event is longer than the tail", () => {
    const text = textChunk("Hel") + textChunk("x".repeat(3 * TAIL_BYTES)) + END;
    expect(concluded(chunksOf(text)).progress).toMatchObject({ finish: "stop", usage: USAGE, ended: true });
  });

  it("has its usage though its text quotes the end of another answer", () => {
    const quoted = textChunk(`\n\n${usageChunk(7, 7)}${DONE}\n\ndata: {"error":{"message":"no"}}\n\n`);
    const { progress } = concluded(chunksOf(textOf(1000) + quoted + END));
    expect(progress).toMatchObject({ usage: USAGE, ended: true });
    expect(progress.error).toBeUndefined();
  });

  it("that is longer than the buffer has its usage, and is parsed on the way", () => {
    const text = textOf(20_000) + END;
    expect(text.length).toBeGreaterThan(3 * MOST_KEPT_BYTES);
    const { progress } = concluded(chunksOf(text, 30_000));
    expect(progress).toMatchObject({ finish: "stop", usage: USAGE, ended: true });
  });
});

describe("an event that cannot be read", () => {
  const UNREADABLE = sse("<html>Bad gateway</html>");
  const LENGTHS = [
    ["less than the tail", 20, 0, TAIL_BYTES],
    ["all that is kept", 1000, TAIL_BYTES, MOST_KEPT_BYTES],
    ["more than is kept", 16_000, MOST_KEPT_BYTES, Infinity],
  ] as const;

  describe.each(LENGTHS)("in an answer of %s", (_what, events, longerThan, shorterThan) => {
    it.each([
      ["in the middle", events / 2],
      ["right before the end", 0],
    ])("is skipped, %s, and the usage after it is found", (_where, after) => {
      const text = textOf(events - after) + UNREADABLE + textOf(after) + END;
      expect(text.length).toBeGreaterThan(longerThan);
      expect(text.length).toBeLessThan(shorterThan);
      for (const size of [500, 30_000]) {
        const aside = createAside(readChatEvent);
        for (const piece of chunksOf(textChunk("Hel") + text, size)) aside.push(piece);
        // It is told of only where it was looked at.
        if (after === 0 || events !== 1000) expect(() => aside.finish()).toThrow();
        else aside.finish();
        expect(aside.progress).toMatchObject({ heard: true, finish: "stop", usage: USAGE, ended: true });
      }
    });

    it("is not metered in an answer without usage", () => {
      const text = textOf(events / 2) + UNREADABLE + textOf(events / 2) + finishChunk() + DONE;
      const aside = createAside(readChatEvent);
      for (const piece of chunksOf(text, 997)) aside.push(piece);
      expect(() => aside.finish()).toThrow();
      expect(aside.progress).toEqual({ heard: true, outputBytes: 6 * events, finish: "stop", ended: true });
    });
  });

  it("throws the first fault, though others follow", () => {
    const aside = createAside((data) => {
      if (data.startsWith("<")) throw new Error(data);
      return readChatEvent(data);
    });
    aside.push(toUtf8(textChunk("Hel") + sse("<first>")));
    aside.push(toUtf8(sse("<second>") + END));
    expect(() => aside.finish()).toThrow("<first>");
    expect(aside.progress).toMatchObject({ usage: USAGE, ended: true });
  });
});

describe("an answer without usage", () => {
  it.each([
    ["that ended", finishChunk() + DONE, { finish: "stop", ended: true }],
    ["that broke off", "", { ended: false }],
    ["that broke off inside an event", textChunk("lost").slice(0, 20), { ended: false }],
    ["that failed", errorFrame("It broke."), { ended: true, error: { message: "It broke." } }],
  ])("%s is metered by all of its bytes", (_how, end, expected) => {
    for (const events of [10, 1000, 20_000]) {
      const { progress } = concluded(chunksOf(textOf(events, "堰🦫") + end, 10_000));
      expect(progress).toMatchObject({ outputBytes: events * 7, ...expected });
      expect(progress.usage).toBeUndefined();
    }
  });

  it("is metered by all of its bytes when usage came but not the end", () => {
    const text = textOf(1000) + usageChunk(12, 30);
    expect(concluded(chunksOf(text)).progress).toEqual(everythingIn(text));
  });
});

describe("what is pushed", () => {
  it.each([
    ["with usage", END, { usage: USAGE, ended: true }],
    ["without", finishChunk() + DONE, { outputBytes: 120, ended: true }],
  ])("may be overwritten by the next read, %s", (_what, end, expected) => {
    const aside = createAside(readChatEvent);
    const buffer = new Uint8Array(64);
    const bytes = toUtf8(textOf(20) + end);
    for (let from = 0; from < bytes.length; from += buffer.length) {
      const piece = bytes.subarray(from, from + buffer.length);
      buffer.set(piece);
      aside.push(buffer.subarray(0, piece.length));
      buffer.fill(0);
    }
    aside.finish();
    expect(aside.progress).toMatchObject(expected);
  });

  it("counts as heard with the first event, not with a comment or a partial event", () => {
    const aside = createAside(readChatEvent);
    for (const piece of [": processing\n\n", textChunk("Hel").slice(0, 9)]) {
      aside.push(toUtf8(piece));
      expect(aside.progress.heard).toBe(false);
    }
    aside.push(toUtf8(textChunk("Hel").slice(9)));
    expect(aside.progress).toMatchObject({ heard: true, outputBytes: 3 });
  });

  it("is refused at once when the first event is not of the dialect", () => {
    expect(() => createAside(readChatEvent).push(toUtf8(sse("<html>Bad gateway</html>")))).toThrow();
  });

  it("is refused at the end when one event never ends, and the events around it count", () => {
    const aside = createAside(readChatEvent);
    aside.push(toUtf8(textChunk("Hel")));
    const piece = toUtf8("x".repeat(30_000));
    for (let count = 0; count < 300; count++) aside.push(piece);
    aside.push(toUtf8(`\n\n${textChunk("lo")}${errorFrame("It broke.")}`));
    expect(() => aside.finish()).toThrow("more than 8388608 characters");
    expect(aside.progress).toMatchObject({ outputBytes: 5, error: { message: "It broke." }, ended: true });
  });
});

/** Why an answer stopped is lost where a cut runs through the event that says so; nothing is charged by it. */
function isKnown(pieces: Uint8Array[]): boolean {
  const { heard, usage, error, ended } = concluded(pieces).progress;
  return heard && isDeepStrictEqual(usage, USAGE) && error === undefined && ended;
}

it("knows the usage and the end however an answer is cut", () => {
  const bytes = toUtf8(textOf(150, "堰🦫") + END);
  expect(isKnown(singleBytes(bytes))).toBe(true);
  fc.assert(
    fc.property(arbitraryCuts(bytes), (positions) => isKnown(cutAt(bytes, positions))),
    { numRuns: 100 },
  );
});
