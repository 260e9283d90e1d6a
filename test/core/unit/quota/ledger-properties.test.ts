// The ledger against a model, over random histories: reserves, settles, repeats, late settles, time in both directions,
// changes of plan and by an operator, and a state that goes to storage and back.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReserveResult } from "../../../../src/core/quota/ledger.ts";
import type { Stage, Step } from "../../support/quota-history.ts";
import { windowKey } from "../../../../src/core/catalog/quota-window.ts";
import type { WindowView } from "../../../../src/core/quota/view.ts";
import { arbitraryPlans, arbitrarySteps, keyAt, openStage, play, windowAt } from "../../support/quota-history.ts";
import type { QuotaModel } from "../../support/quota-model.ts";
import { createQuotaModel } from "../../support/quota-model.ts";

const isOver = ({ used, reserved, limit }: WindowView) => used + reserved > limit;
const names = (windows: WindowView[]) => windows.map(windowKey);

/** What the model says to a step that the book has just played. */
function playModel(model: QuotaModel, stage: Stage, step: Step): unknown {
  const { book, keys } = stage;
  switch (step.kind) {
    case "reserve":
    case "reserve again": {
      const key = step.kind === "reserve" ? `key-${keys.length - 1}` : keyAt(stage, step.which);
      return model.reserve(key, step.model, step.bound, step.leaseMs, book.limits, book.now);
    }
    case "settle":
      return model.settle(keyAt(stage, step.which), step.charge, book.now);
    case "grant":
    case "reset": {
      const window = windowAt(stage, step.which);
      if (!window) return undefined;
      if (step.kind === "reset") model.reset(window, book.now);
      else model.grant(window, step.amount, book.now);
      return undefined;
    }
    case "time":
    case "plan":
    case "evict":
      return undefined;
  }
}

/** The ledger's answer in the model's words. */
function inWords(answer: ReserveResult | boolean | undefined): unknown {
  if (typeof answer !== "object") return answer;
  return answer.ok ? { reason: "granted", granted: answer.granted } : { reason: answer.reason };
}

/** Plays a history in both, and compares every answer and, after each step, every window of every plan. */
function compare(stage: Stage, steps: Step[]): void {
  const model = createQuotaModel();
  const { book, plans } = stage;
  for (const step of steps) {
    const answer = inWords(play(stage, step));
    expect(answer).toEqual(playModel(model, stage, step));
    for (const plan of plans) {
      const view = book.view(plan);
      for (const { unit, per, models, limit, used, reserved, left } of view.windows) {
        const window = plan.windows.find((each) => each.unit === unit && each.per === per && each.models === models);
        if (!window) throw new Error("a window that no plan has");
        expect({ limit, used, reserved, left }).toEqual(model.useOf(window, book.now));
      }
      expect(view.leases.running).toBe(model.running(book.now));
    }
  }
}

describe("in every history", () => {
  it("the ledger decides and counts as a list of everything that happened would", () => {
    const property = fc.property(arbitraryPlans, arbitrarySteps(3), (plans, steps) => compare(openStage(plans), steps));
    fc.assert(property, { numRuns: 700 });
  }, 60_000);

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
    fc.assert(property, { numRuns: 500 });
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
    fc.assert(property, { numRuns: 150 });
  }, 60_000);
});
