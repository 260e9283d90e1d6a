// uses: slim-chat
// A property of every moderated stream: over any pace, split and verdicts, the caller gets the text before a block.

import * as fc from "fast-check";
import { expect } from "vitest";
import { LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { toUtf8 } from "../../../support/chat-chunks.ts";
import { createGatedFlow } from "./gated-flow.ts";
import type { GatedForm } from "./gated-forms.ts";

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ bytes: fc.integer({ min: 1, max: 600 }) }) },
  { weight: 2, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 90 }) }) },
  { weight: 1, arbitrary: fc.record({ slow: fc.boolean() }) },
);
const letters = fc.constantFrom("a", "b", "é", "🌊", " ", ". ", "! ", "\n", '"', "\\");
const given = {
  texts: fc.array(fc.string({ unit: letters, minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 }),
  /** The position of the blocked letter X. */
  place: fc.option(fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 12 })), { nil: undefined }),
  steps: fc.array(step, { maxLength: 25 }),
  settings: fc.record({
    max_chars: fc.integer({ min: 1, max: 30 }),
    max_ms: fc.integer({ min: 0, max: 100 }),
    overlap_chars: fc.integer({ min: 1, max: 20 }),
  }),
  delays: fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 8 }),
};

function withX(texts: string[], place: [number, number] | undefined): string[] {
  if (!place) return texts;
  const [index, position] = [place[0] % texts.length, place[1]];
  return texts.map((text, at) => (at === index ? `${text.slice(0, position)}X${text.slice(position)}` : text));
}

export async function checkSplits(form: GatedForm): Promise<void> {
  const property = fc.asyncProperty(fc.record(given), async ({ settings, steps, place, delays, ...run }) => {
    const texts = withX(run.texts, place);
    let windows = 0;
    const ms = () => delays[windows++ % delays.length] ?? 0;
    const verdict = { allows: (window: string) => !window.includes("X"), ms };
    const flow = createGatedFlow(form, { settings, verdict });
    const requireAllowedText = () => expect(texts.join("").split("X")[0]?.startsWith(flow.shown())).toBe(true);
    let rest = Buffer.from(toUtf8([...form.begin, ...form.say(texts), ...form.end].join("")));
    await flow.begin();
    for (const next of steps) {
      if ("bytes" in next && rest.length > 0 && !flow.provider.isCancelled()) {
        flow.provider.sendBytes(rest.subarray(0, next.bytes));
        rest = rest.subarray(next.bytes);
      }
      if ("ms" in next) await flow.clock.advance(next.ms);
      if ("slow" in next && next.slow) flow.caller.stopReading();
      if ("slow" in next && !next.slow) flow.caller.readOn();
      requireAllowedText();
    }
    if (rest.length > 0 && !flow.provider.isCancelled()) flow.provider.sendBytes(rest);
    flow.caller.readOn();
    for (let waits = 0; waits < 100 && !flow.ending(); waits++) await flow.clock.advance(500);
    await flow.clock.advance(LAST_READ_MS);
    requireAllowedText();
    expect(flow.provider.isCancelled()).toBe(true);
    const { added, released, buffered } = flow.windows;
    expect(buffered).toBeLessThanOrEqual(added - released + settings.overlap_chars);
    expect(flow.ending()?.kind).toBe(place ? "blocked" : "finished");
    expect(form.isBlocked(flow.caller.text())).toBe(place !== undefined);
    if (place) return;
    expect(flow.shown()).toBe(texts.join(""));
    if (form.passed) expect(flow.caller.text()).toBe(form.passed(texts));
  });
  await fc.assert(property, { numRuns: 60 });
}
