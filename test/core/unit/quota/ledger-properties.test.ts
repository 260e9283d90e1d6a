// The ledger against a simple model, over random histories: repeats, late settlements, jobs, time in both directions, changes
// of plan, an operator's changes, and a state that is stored and read again.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Stage, Step } from "../../support/quota-history.ts";
import type { Amounts } from "../../../../src/core/catalog/quota-window.ts";
import { windowKey } from "../../../../src/core/catalog/quota-window.ts";
import type { HistoryDay } from "../../../../src/core/quota/history.ts";
import { reservedJobs } from "../../../../src/core/quota/reserved-jobs.ts";
import { arbitraryPlans, arbitrarySteps, keyAt, openStage, play, windowAt } from "../../support/quota-history.ts";
import type { QuotaModel } from "../../support/quota-model.ts";
import { createQuotaModel } from "../../support/quota-model.ts";

/** The model's answer to a step that the book has just played. */
function playModel(model: QuotaModel, stage: Stage, step: Step): unknown {
  const { book, keys } = stage;
  switch (step.kind) {
    case "reserve":
    case "reserve again": {
      const key = step.kind === "reserve" ? `key-${keys.length - 1}` : keyAt(stage, step.which);
      return model.reserve({ ...step, key }, book.limits, book.now);
    }
    case "name job":
      model.nameJob(keyAt(stage, step.which), step.id, book.now);
      return undefined;
    case "spend":
      return model.spend(step.model, step.requests, book.limits, book.now);
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
function inWords(answer: ReturnType<typeof play>): unknown {
  if (typeof answer !== "object") return answer;
  if (!answer.ok) return { reason: answer.reason };
  return "granted" in answer ? { reason: "granted", granted: answer.granted } : { reason: "granted" };
}

/** The days with a charge, by date. */
function datesOf(days: HistoryDay[]): Record<string, Amounts> {
  const used = days.filter(({ tokens, requests, nanoUsd }) => tokens + requests + nanoUsd > 0);
  return Object.fromEntries(
    used.map(({ day, ...amounts }) => [new Date(day * 86_400_000).toISOString().slice(0, 10), amounts]),
  );
}

/** Plays a history in both, and compares every answer and, after each step, every window of every plan and every day. */
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
    const jobs = reservedJobs(book.ledger, book.now).map(({ key, id, bound, ended }) => ({
      key,
      id,
      bound,
      ended,
    }));
    expect(jobs).toEqual(model.jobs(book.now));
    expect(datesOf(book.history(31))).toEqual(model.chargesByDay(book.now));
  }
}

describe("in every history", () => {
  it("the ledger decides and counts like a list of everything that happened", () => {
    const property = fc.property(arbitraryPlans, arbitrarySteps(3), (plans, steps) => compare(openStage(plans), steps));
    fc.assert(property, { numRuns: 700 });
  }, 60_000);

  it("no window is overdrawn, except after its limit was lowered below its use", () => {
    const property = fc.property(arbitraryPlans, arbitrarySteps(3), (plans, steps) => {
      const stage = openStage(plans);
      const { book } = stage;
      let lowered = new Set<string>();
      for (const step of steps) {
        play(stage, step);
        const { windows } = book.view();
        for (const { used, reserved, left, limit, resetAt } of windows) {
          for (const count of [used, reserved, left]) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
          expect(left).toBe(Math.max(0, limit - used - reserved));
          expect(resetAt).toBeGreaterThan(book.now);
        }
        const over = windows.filter(({ used, reserved, limit }) => used + reserved > limit).map(windowKey);
        // A new plan can have limits below the use, and a clock that runs backwards shows an earlier period. After that,
        // a window within its limit stays within it.
        if (step.kind === "plan" || (step.kind === "time" && step.ms < 0)) lowered = new Set(over);
        expect(over.filter((name) => !lowered.has(name))).toEqual([]);
        lowered = new Set(over);
      }
    });
    fc.assert(property, { numRuns: 500 });
  }, 60_000);
});
