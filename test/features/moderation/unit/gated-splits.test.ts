// uses: chat-completions, responses, slim-chat
// Moderated answers over random pace, pieces and verdicts: the caller sees all text before the first blocked window.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { toUtf8 } from "../../../support/chat-chunks.ts";
import { createGatedFlow } from "../support/gated-flow.ts";
import { GATED_FORMS } from "../support/gated-forms.ts";

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ bytes: fc.integer({ min: 1, max: 600 }) }) },
  { weight: 2, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 90 }) }) },
  { weight: 1, arbitrary: fc.record({ slow: fc.boolean() }) },
);
const letters = fc.constantFrom("a", "b", "é", "🌊", " ", ". ", "! ", "\n", '"', "\\");
const words = fc.array(fc.string({ unit: letters, minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });
const settings = fc.record({
  max_chars: fc.integer({ min: 1, max: 30 }),
  max_ms: fc.integer({ min: 0, max: 100 }),
  overlap_chars: fc.integer({ min: 1, max: 20 }),
});
const delays = fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 8 });
/** What the judge refuses, put into one of the texts. */
const placed = fc.option(fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 12 })), { nil: undefined });

function spoilt(texts: string[], place: [number, number] | undefined): string[] {
  if (!place) return texts;
  const [index, position] = [place[0] % texts.length, place[1]];
  return texts.map((text, at) => (at === index ? `${text.slice(0, position)}X${text.slice(position)}` : text));
}

describe.each(Object.entries(GATED_FORMS))("an answer that is judged, %s,", (_name, form) => {
  it("is sent up to what is refused, and whole where nothing is", async () => {
    const given = { texts: words, place: placed, steps: fc.array(step, { maxLength: 25 }), settings, delays };
    const property = fc.asyncProperty(fc.record(given), async (run) => {
      const texts = spoilt(run.texts, run.place);
      let windows = 0;
      const ms = () => run.delays[windows++ % run.delays.length] ?? 0;
      const verdict = { allows: (window: string) => !window.includes("X"), ms };
      const flow = createGatedFlow(form, { settings: run.settings, verdict });
      const isPrefix = () => expect(texts.join("").split("X")[0]?.startsWith(flow.shown())).toBe(true);
      let rest = Buffer.from(toUtf8([...form.begin, ...form.say(texts), ...form.end].join("")));
      await flow.begin();
      for (const next of run.steps) {
        if ("bytes" in next && rest.length > 0 && !flow.provider.isCancelled()) {
          flow.provider.sendBytes(rest.subarray(0, next.bytes));
          rest = rest.subarray(next.bytes);
        }
        if ("ms" in next) await flow.clock.advance(next.ms);
        if ("slow" in next && next.slow) flow.caller.stopReading();
        if ("slow" in next && !next.slow) flow.caller.readOn();
        isPrefix();
      }
      if (rest.length > 0 && !flow.provider.isCancelled()) flow.provider.sendBytes(rest);
      flow.caller.readOn();
      for (let waits = 0; waits < 100 && !flow.ending(); waits++) await flow.clock.advance(500);
      await flow.clock.advance(LAST_READ_MS);
      isPrefix();
      expect(flow.provider.isCancelled()).toBe(true);
      const { added, released, kept } = flow.windows;
      expect(kept).toBeLessThanOrEqual(added - released + run.settings.overlap_chars);
      if (run.place) {
        expect(flow.ending()).toMatchObject({ kind: "blocked" });
        expect(form.isBlocked(flow.caller.text())).toBe(true);
        return;
      }
      expect(flow.ending()).toEqual({ kind: "finished" });
      expect(flow.shown()).toBe(texts.join(""));
      const passed = form.passed(texts);
      if (passed !== undefined) expect(flow.caller.text()).toBe(passed);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
