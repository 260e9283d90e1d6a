// Windows of text over random input and verdicts: no text is sent unjudged, and none is lost.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WindowSettings } from "../../../../src/features/moderation/windows.ts";
import { createTextWindows } from "../../../../src/features/moderation/windows.ts";

const START = Date.UTC(2026, 10, 23, 12);

/** What happens, one after the other. */
type Step = { text: string } | { ms: number } | { verdict: true };

const settings: fc.Arbitrary<WindowSettings> = fc.record({
  max_chars: fc.integer({ min: 1, max: 30 }),
  max_ms: fc.integer({ min: 0, max: 50 }),
  overlap_chars: fc.integer({ min: 1, max: 20 }),
});
const letters = fc.constantFrom("a", "b", "c", "X", " ", ".", "!", "\n", "é", "🌊", "👩🏽‍🔧", "。", "」", '"');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ text: fc.string({ unit: letters, maxLength: 25 }) }) },
    { weight: 2, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 40 }) }) },
    { weight: 3, arbitrary: fc.constant<Step>({ verdict: true }) },
  ),
  { maxLength: 40 },
);

/** Places on which something holds, up to a length. */
const upTo = (length: number) => Array.from({ length }, (_, place) => place);

/** Plays the steps and then the end, checks what holds at every moment, and gives what was judged, and how. */
function play(given: WindowSettings, happens: Step[], allows: (window: string) => boolean) {
  const windows = createTextWindows(given);
  const judged: { from: number; start: number; end: number; allowed: boolean }[] = [];
  let text = "";
  /** When each character came. */
  const arrivedAt: number[] = [];
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
    // A border can cut a character in two, and no judge is shown half of one.
    expect(window).toBe(text.slice(from, end).toWellFormed());
    expect(end - start).toBeGreaterThan(0);
    expect(end - start).toBeLessThanOrEqual(given.max_chars);
    const allowed = allows(window);
    windows.takeVerdict(allowed);
    const waitsSince = allowed ? arrivedAt[end] : undefined;
    if (waitsSince !== undefined) expect(windows.dueAt()).toBe(waitsSince + given.max_ms);
    refused ||= !allowed;
    expect(windows.released).toBe(allowed ? end : start);
    judged.push({ from, start, end, allowed });
  };
  for (const step of happens) {
    if (refused) break;
    if ("text" in step) {
      text += step.text;
      arrivedAt.push(...upTo(step.text.length).map(() => now));
      windows.add(step.text, now);
    }
    if ("ms" in step) now += step.ms;
    if ("verdict" in step) decide();
    if (!refused) begin();
    expect(windows.added).toBe(text.length);
    expect(windows.buffered).toBeLessThanOrEqual(windows.added - windows.released + given.overlap_chars);
  }
  windows.end();
  // A window has at least a character.
  for (let left = text.length; left > 0; left--) {
    if (!refused) begin();
    decide();
  }
  return { text, judged, released: windows.released };
}

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

  it("shows every character whole to the judge, in whatever halves it comes, where the overlap has room for one", () => {
    const halves = fc.array(fc.oneof(fc.constantFrom("\ud83c", "\udf0a"), letters), { maxLength: 40 });
    const wide = settings.map((given) => Object.assign(given, { overlap_chars: given.overlap_chars + 1 }));
    const property = fc.property(wide, halves, (given, units) => {
      const happens = units.flatMap((unit): Step[] => [...unit.split("").map((text) => ({ text })), { verdict: true }]);
      const shown: string[] = [];
      const { text } = play(given, happens, (window) => shown.push(window) > 0);
      const waves = text.split("🌊").length - 1;
      if (waves > 0) expect(shown.some((window) => window.includes("🌊"))).toBe(true);
      for (const window of shown) expect(window.isWellFormed()).toBe(true);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("is forgotten when no window will show it again", () => {
    const property = fc.property(settings, fc.array(fc.string({ unit: letters, maxLength: 25 })), (given, deltas) => {
      const windows = createTextWindows(given);
      for (const delta of deltas) {
        windows.add(delta, START);
        while (windows.next(START) !== undefined) windows.takeVerdict(true);
        expect(windows.buffered).toBeLessThan(given.max_chars + given.overlap_chars + 1);
      }
    });
    fc.assert(property);
  });
});
