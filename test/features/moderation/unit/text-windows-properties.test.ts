// Properties of text windows over random text and verdicts: no text is released without a verdict, and none is lost.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WindowSettings } from "../../../../src/features/moderation/text-windows.ts";
import { createTextWindows } from "../../../../src/features/moderation/text-windows.ts";

const START = Date.UTC(2026, 10, 23, 12);

/** One step: more text, time, or a verdict. */
type Step = { text: string } | { ms: number } | { verdict: true };

const settings: fc.Arbitrary<WindowSettings> = fc.record({
  min_chars: fc.integer({ min: 1, max: 30 }),
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

/** The numbers from 0 to `length`, exclusive. */
const upTo = (length: number) => Array.from({ length }, (_, place) => place);

/** Runs the steps and then the end, checks every state, and returns the windows with their verdicts. */
function play(given: WindowSettings, happens: Step[], allows: (window: string) => boolean) {
  const windows = createTextWindows(given);
  const judged: { from: number; start: number; end: number; allowed: boolean }[] = [];
  let text = "";
  /** The arrival time of each character. */
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
    // A boundary can split a surrogate pair.
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

describe("for any steps, the text in windows", () => {
  it("is released completely and in order when all windows are allowed", () => {
    const property = fc.property(settings, steps, (given, happens) => {
      const { text, judged, released } = play(given, happens, () => true);
      expect(released).toBe(text.length);
      expect(judged.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("is released only up to the first window that is refused", () => {
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

  it("has a window for each whole phrase that is as long as the overlap", () => {
    const property = fc.property(settings, steps, (given, happens) => {
      const { text, judged } = play(given, happens, () => true);
      const length = given.overlap_chars;
      for (const place of upTo(text.length - length + 1)) {
        expect(judged.some(({ from, end }) => from <= place && place + length <= end)).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
