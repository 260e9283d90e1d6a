// Text cut into windows that are judged before they are sent: where one closes, and that nothing is sent unjudged.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WindowSettings } from "../../../src/stream/windows.ts";
import { createTextWindows } from "../../../src/stream/windows.ts";

const START = Date.UTC(2026, 10, 23, 12);
const USUAL: WindowSettings = { max_chars: 400, max_ms: 700, overlap_chars: 200 };

/** Windows with that text, which came at the start. */
function windowsWith(text: string, settings: Partial<WindowSettings> = {}) {
  const windows = createTextWindows({ ...USUAL, ...settings });
  windows.add(text, START);
  return windows;
}

describe("a window", () => {
  it.each([
    ["Rivers rise. They", "Rivers rise. "],
    ["Rivers rise! They fall? And", "Rivers rise! They fall? "],
    ['She said "Stop." Then', 'She said "Stop." '],
    ["A list:\n- one", "A list:\n"],
    ["川が増水する。\nそして", "川が増水する。\n"],
    ["Well… then", "Well… "],
  ])("closes at the last end of a sentence: %j", (text, window) => {
    expect(windowsWith(text).next(START)).toBe(window);
  });

  it.each(["It costs 3.50", "See e", "one, two; three: four", "weir.test/a?b=c", "The end."])(
    "does not close within %j",
    (text) => {
      expect(windowsWith(text).next(START + 699)).toBeUndefined();
    },
  );

  it("closes at the most characters, even where a sentence ends before", () => {
    const text = "One. ".repeat(100);
    expect(windowsWith(text).next(START)).toBe(text.slice(0, 400));
    expect(windowsWith("x".repeat(399)).next(START)).toBeUndefined();
    expect(windowsWith("x".repeat(400)).next(START)).toBe("x".repeat(400));
  });

  it("closes when its oldest text has waited long enough, and says when that will be", () => {
    const windows = windowsWith("Rivers");
    windows.add(" rise", START + 500);
    expect(windows.dueAt()).toBe(START + 700);
    expect(windows.next(START + 699)).toBeUndefined();
    expect(windows.next(START + 700)).toBe("Rivers rise");
  });

  it("is never due where there is no text, nor while one is judged", () => {
    const windows = createTextWindows(USUAL);
    windows.add("", START);
    expect(windows.dueAt()).toBe(Infinity);
    windows.add("Rivers rise. They", START);
    windows.next(START);
    expect(windows.dueAt()).toBe(Infinity);
    windows.judged(true);
    expect(windows.dueAt()).toBe(START + 700);
  });

  it("closes with the text, whatever has come", () => {
    const windows = windowsWith("Rivers ri");
    windows.end();
    expect(windows.next(START)).toBe("Rivers ri");
  });

  it("of an empty text there is none, even at its end", () => {
    const windows = windowsWith("");
    windows.end();
    expect(windows.next(START + 5000)).toBeUndefined();
  });

  it("is shown with what was judged before it", () => {
    const windows = windowsWith("Rivers rise. They", { overlap_chars: 6 });
    windows.next(START);
    windows.judged(true);
    windows.add(" fall. ", START);
    expect(windows.next(START)).toBe("rise. They fall. ");
  });

  it("grows while the one before it is judged, and is one then", () => {
    const windows = windowsWith("One. ", { overlap_chars: 1 });
    windows.next(START);
    windows.add("Two. Thr", START);
    windows.add("ee. Fo", START);
    expect(windows.next(START + 5000)).toBeUndefined();
    windows.judged(true);
    expect(windows.next(START)).toBe(" Two. Three. ");
  });

  it("that is refused releases nothing", () => {
    const windows = windowsWith("One. ");
    windows.next(START);
    windows.judged(false);
    expect([windows.added, windows.released]).toEqual([5, 0]);
  });
});

/** What happens, one after the other. */
type Step = { text: string } | { ms: number } | { verdict: true };

const settings: fc.Arbitrary<WindowSettings> = fc.record({
  max_chars: fc.integer({ min: 1, max: 30 }),
  max_ms: fc.integer({ min: 0, max: 50 }),
  overlap_chars: fc.integer({ min: 1, max: 20 }),
});
const letters = fc.constantFrom("a", "b", "c", "X", " ", ".", "!", "\n", "é", "🌊", '"');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ text: fc.string({ unit: letters, maxLength: 25 }) }) },
    { weight: 2, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 40 }) }) },
    { weight: 3, arbitrary: fc.constant<Step>({ verdict: true }) },
  ),
  { maxLength: 40 },
);

/** Plays the steps and then the end, checks what holds at every moment, and gives what was judged, and how. */
function play(given: WindowSettings, happens: Step[], allows: (window: string) => boolean) {
  const windows = createTextWindows(given);
  const judged: { from: number; start: number; end: number; allowed: boolean }[] = [];
  let text = "";
  let now = START;
  let running: { window: string; released: number } | undefined;
  let refused = false;

  const begin = () => {
    const { released } = windows;
    const window = windows.next(now);
    if (window !== undefined) expect(running).toBeUndefined();
    if (window !== undefined) running = { window, released };
    expect(windows.next(now)).toBeUndefined();
    expect(windows.released).toBe(released);
  };
  const decide = () => {
    if (!running) return;
    const { window, released: start } = running;
    running = undefined;
    const from = Math.max(0, start - given.overlap_chars);
    const end = from + window.length;
    // A border can cut a character in two.
    expect(window.toWellFormed()).toBe(text.slice(from, end).toWellFormed());
    expect(end - start).toBeGreaterThan(0);
    expect(end - start).toBeLessThanOrEqual(given.max_chars);
    const allowed = allows(window);
    windows.judged(allowed);
    refused ||= !allowed;
    expect(windows.released).toBe(allowed ? end : start);
    judged.push({ from, start, end, allowed });
  };
  for (const step of happens) {
    if (refused) break;
    if ("text" in step) {
      text += step.text;
      windows.add(step.text, now);
    }
    if ("ms" in step) now += step.ms;
    if ("verdict" in step) decide();
    if (!refused) begin();
    expect(windows.added).toBe(text.length);
    expect(windows.kept).toBeLessThanOrEqual(windows.added - windows.released + given.overlap_chars);
  }
  windows.end();
  // A window has at least a character.
  for (let left = text.length; left > 0; left--) {
    if (!refused) begin();
    decide();
  }
  return { text, judged, released: windows.released };
}

/** Places on which something holds, up to a length. */
const upTo = (length: number) => Array.from({ length }, (_, place) => place);

describe("text in windows, however it comes and whenever verdicts do,", () => {
  it("is released all of it, once and in order, where all is allowed", () => {
    const property = fc.property(settings, steps, (given, happens) => {
      const { text, judged, released } = play(given, happens, () => true);
      expect(released).toBe(text.length);
      expect(judged.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("is released only before the first window that is refused", () => {
    const property = fc.property(settings, steps, fc.func(fc.boolean()), (given, happens, allows) => {
      const { judged, released } = play(given, happens, (window) => allows(window));
      const refused = judged.find(({ allowed }) => !allowed);
      const allowed = judged.filter((window) => window.allowed);
      expect(released).toBe(refused?.start ?? allowed.at(-1)?.end ?? 0);
      for (const place of upTo(released))
        expect(allowed.some(({ start, end }) => start <= place && place < end)).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("never shows what a judge refuses wherever it is", () => {
    const property = fc.property(settings, steps, (given, happens) => {
      const { text, released } = play(given, happens, (window) => !window.includes("X"));
      expect(text.slice(0, released)).not.toContain("X");
      if (!text.includes("X")) expect(released).toBe(text.length);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("shows a phrase as long as the overlap whole to the judge, wherever a border cuts it", () => {
    const property = fc.property(settings, steps, (given, happens) => {
      const { text, judged } = play(given, happens, () => true);
      const length = given.overlap_chars;
      for (const place of upTo(text.length - length + 1)) {
        expect(judged.some(({ from, end }) => from <= place && place + length <= end)).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("is forgotten when no window will show it again", () => {
    const property = fc.property(settings, fc.array(fc.string({ unit: letters, maxLength: 25 })), (given, deltas) => {
      const windows = createTextWindows(given);
      for (const delta of deltas) {
        windows.add(delta, START);
        while (windows.next(START) !== undefined) windows.judged(true);
        expect(windows.kept).toBeLessThan(given.max_chars + given.overlap_chars + 1);
      }
    });
    fc.assert(property);
  });
});
