// What may never happen to a window, whatever happens to its user: no limit is passed, nothing is negative or in parts,
// and neither the order of settlements nor a question makes a difference.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WindowView } from "../../../../src/core/quota/view.ts";
import { windowKey } from "../../../../src/core/catalog/quota-window.ts";
import type { Stage, Step } from "../../support/quota-history.ts";
import { arbitraryPlans, arbitrarySteps, openStage, play } from "../../support/quota-history.ts";

const DAY_MS = 86_400_000;

const isOver = ({ used, reserved, limit }: WindowView) => used + reserved > limit;
const names = (windows: WindowView[]) => windows.map(windowKey);

/** Plays a history and returns its stage. */
function played(plans: Parameters<typeof openStage>[0], steps: Step[]): Stage {
  const stage = openStage(plans);
  for (const step of steps) play(stage, step);
  return stage;
}

describe("in every history", () => {
  it("no window is overdrawn but by a plan whose limit is lower than what it already holds", () => {
    const property = fc.property(arbitraryPlans, arbitrarySteps(3), (plans, steps) => {
      const stage = openStage(plans);
      const { book } = stage;
      let lowered = new Set<string>();
      for (const step of steps) {
        play(stage, step);
        const over = names(book.view().windows.filter(isOver));
        // A plan may come with limits below what is held, and a clock that runs backwards shows the period in which it
        // did. From then on, a window that is within its limit stays so.
        if (step.kind === "plan" || (step.kind === "time" && step.ms < 0)) lowered = new Set(over);
        expect(over.filter((name) => !lowered.has(name))).toEqual([]);
        lowered = new Set(over);
      }
    });
    fc.assert(property, { numRuns: 3000 });
  }, 60_000);

  it("every number is a whole one from zero up, and what is left is the rest", () => {
    const property = fc.property(arbitraryPlans, arbitrarySteps(3), (plans, steps) => {
      const stage = openStage(plans);
      for (const step of steps) {
        play(stage, step);
        for (const { used, reserved, left, limit, resetAt } of stage.book.view().windows) {
          for (const count of [used, reserved, left]) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
          expect(left).toBe(Math.max(0, limit - used - reserved));
          expect(resetAt).toBeGreaterThan(stage.book.now);
        }
      }
    });
    fc.assert(property, { numRuns: 1000 });
  }, 60_000);

  it("the order in which requests are settled makes no difference to what is used", () => {
    const charges = fc.array(
      fc.record({ tokens: fc.nat({ max: 1500 }), requests: fc.constantFrom(0, 1), usd: fc.nat({ max: 5000 }) }),
      { minLength: 30, maxLength: 30 },
    );
    const order = fc.shuffledSubarray([...Array.from({ length: 30 }).keys()], { minLength: 30 });
    const property = fc.property(
      arbitraryPlans,
      arbitrarySteps(3),
      charges,
      order,
      (plans, steps, charged, shuffled) => {
        // Some leases run and some have ended by now: the settlements of those come late.
        const finalUse = (positions: number[]) => {
          const { book } = played(plans, steps);
          for (const position of positions)
            book.charge(`key-${position}`, charged[position] ?? { tokens: 0, requests: 0, usd: 0 });
          return plans.map((plan) => book.view(plan));
        };
        expect(finalUse(shuffled)).toEqual(finalUse([...shuffled.keys()]));
      },
    );
    fc.assert(property, { numRuns: 1500 });
  }, 60_000);

  it("asking what is left changes nothing, however often and whenever it is asked", () => {
    const moments = fc.array(fc.nat({ max: DAY_MS }), { maxLength: 4 });
    const property = fc.property(arbitraryPlans, arbitrarySteps(3), moments, (plans, steps, asking) => {
      const [asked, left] = [openStage(plans), openStage(plans)];
      for (const step of steps) {
        play(asked, step);
        play(left, step);
        const { now } = asked.book;
        for (const moment of asking) {
          asked.book.now = now + moment;
          asked.book.view();
        }
        asked.book.now = now;
        expect(asked.book.view()).toEqual(left.book.view());
      }
    });
    fc.assert(property, { numRuns: 300 });
  }, 60_000);

  it("a state that goes to storage and back after every step answers as one that stays in memory", () => {
    const property = fc.property(arbitraryPlans, arbitrarySteps(3), (plans, steps) => {
      const [kept, evicted] = [openStage(plans), openStage(plans)];
      for (const step of steps) {
        const answer = play(kept, step);
        expect(play(evicted, step)).toEqual(answer);
        evicted.book.evict();
      }
      expect(evicted.book.ledger).toEqual(kept.book.ledger);
    });
    fc.assert(property, { numRuns: 500 });
  }, 60_000);
});
