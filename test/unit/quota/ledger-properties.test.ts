// What holds of the ledger in every history: reserves, settles, repeats, late settles, time in both directions, changes
// of plan, and a state that has been to storage and back at every step.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Limits } from "../../../src/quota/view.ts";
import { windowKey } from "../../../src/quota/view.ts";
import type { Window } from "../../../src/quota/window.ts";
import type { Book } from "../../support/quota-book.ts";
import { openBook } from "../../support/quota-book.ts";
import type { Step } from "../../support/quota-history.ts";
import { arbitrarySteps } from "../../support/quota-history.ts";
import type { ModelPlan } from "../../support/quota-model.ts";
import { createQuotaModel } from "../../support/quota-model.ts";

const STARTS_AT = Date.UTC(2026, 10, 23, 23, 58, 30);

/** Does what a step says, apart from a change of plan. */
function play(book: Book, keys: string[], step: Step): void {
  if (step.kind === "reserve") {
    keys.push(`key-${keys.length}`);
    book.reserve(`key-${keys.length - 1}`, step.bound, step.leaseMs);
  }
  if (step.kind === "reserve again") book.reserve(keyAt(keys, step.which), step.bound);
  if (step.kind === "settle") book.settle(keyAt(keys, step.which), step.charge.tokens, step.charge.requests);
  if (step.kind === "time") book.now += step.ms;
}

const keyAt = (keys: string[], which: number) => keys[which % Math.max(1, keys.length)] ?? "never reserved";

function limitsOf({ tokensADay, requestsAMinute, concurrent }: ModelPlan): Limits {
  const windows: Window[] = [
    { unit: "tokens", per: "day", limit: tokensADay },
    { unit: "requests", per: "minute", limit: requestsAMinute },
  ];
  return { windows, concurrent };
}

const modelPlans: fc.Arbitrary<ModelPlan[]> = fc.array(
  fc.record({
    tokensADay: fc.integer({ min: 0, max: 4000 }),
    requestsAMinute: fc.integer({ min: 0, max: 6 }),
    concurrent: fc.integer({ min: 1, max: 5 }),
  }),
  { minLength: 3, maxLength: 3 },
);

const anyWindows: fc.Arbitrary<Window[]> = fc.uniqueArray(
  fc.record({
    unit: fc.constantFrom("tokens", "requests"),
    per: fc.constantFrom("minute", "hour", "day", "month"),
    limit: fc.integer({ min: 0, max: 3000 }),
  }),
  { selector: windowKey, maxLength: 5 },
);

const anyPlans: fc.Arbitrary<Limits[]> = fc.array(
  fc.record({ windows: anyWindows, concurrent: fc.integer({ min: 1, max: 5 }) }),
  { minLength: 3, maxLength: 3 },
);

describe("in every history", () => {
  it("the ledger decides and counts as a list of everything that happened would", () => {
    const property = fc.property(modelPlans, arbitrarySteps(3), (plans, steps) => {
      let plan = plans[0] as ModelPlan;
      const book = openBook(limitsOf(plan), STARTS_AT);
      const model = createQuotaModel();
      const keys: string[] = [];
      const reserve = (key: string, bound: Parameters<typeof model.reserve>[1], leaseMs: number) => {
        const expected = model.reserve(key, bound, leaseMs, plan, book.now);
        const result = book.reserve(key, bound, leaseMs);
        expect(result.ok ? { reason: "granted", granted: result.granted } : { reason: result.reason }).toEqual(
          expected,
        );
      };

      for (const step of steps) {
        if (step.kind === "reserve") {
          keys.push(`key-${keys.length}`);
          reserve(`key-${keys.length - 1}`, step.bound, step.leaseMs);
        } else if (step.kind === "reserve again") {
          reserve(keyAt(keys, step.which), step.bound, 60_000);
        } else if (step.kind === "settle") {
          const key = keyAt(keys, step.which);
          const counted = book.settle(key, step.charge.tokens, step.charge.requests);
          expect(counted).toBe(model.settle(key, step.charge, book.now));
        } else if (step.kind === "time") {
          book.now += step.ms;
        } else {
          plan = plans[step.plan] as ModelPlan;
          book.limits = limitsOf(plan);
        }
        expect(book.tokens()).toMatchObject(model.tokens(book.now));
        expect(book.requests()).toMatchObject(model.requests(book.now));
        expect(book.view().leases.running).toBe(model.running(book.now));
      }
    });
    fc.assert(property, { numRuns: 2000 });
  }, 30_000);

  it("no window is overdrawn while its limit is not lowered, and every number is a whole one from zero up", () => {
    const property = fc.property(anyPlans, arbitrarySteps(3), (plans, steps) => {
      const book = openBook(plans[0] as Limits, STARTS_AT);
      const keys: string[] = [];
      // Windows that were in every plan so far, with the highest limit that they had.
      const kept = new Map(book.limits.windows.map((window) => [windowKey(window), window.limit]));
      for (const step of steps) {
        play(book, keys, step);
        if (step.kind === "plan") {
          book.limits = plans[step.plan] as Limits;
          const limits = new Map(book.limits.windows.map((window) => [windowKey(window), window.limit]));
          for (const [key, limit] of kept) {
            if ((limits.get(key) ?? -1) < limit) kept.delete(key);
            else kept.set(key, limits.get(key) ?? 0);
          }
        }
        for (const window of book.view().windows) {
          const { used, reserved, left, limit, resetAt } = window;
          for (const count of [used, reserved, left]) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
          expect(left).toBe(Math.max(0, limit - used - reserved));
          expect(resetAt).toBeGreaterThan(book.now);
          if (kept.has(windowKey(window))) expect(used + reserved).toBeLessThanOrEqual(limit);
        }
      }
    });
    fc.assert(property, { numRuns: 2000 });
  }, 30_000);

  it("asking what is left changes nothing, however often and whenever it is asked", () => {
    const property = fc.property(arbitrarySteps(1), fc.array(fc.nat({ max: 90_000_000 })), (steps, moments) => {
      const limits = limitsOf({ tokensADay: 4000, requestsAMinute: 6, concurrent: 5 });
      const [asked, left] = [openBook(limits, STARTS_AT), openBook(limits, STARTS_AT)];
      const [askedKeys, leftKeys]: [string[], string[]] = [[], []];
      for (const step of steps) {
        play(asked, askedKeys, step);
        play(left, leftKeys, step);
        const { now } = asked;
        for (const moment of moments) {
          asked.now = now + moment;
          asked.view();
        }
        asked.now = now;
        expect(asked.view()).toEqual(left.view());
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("the order in which requests are settled makes no difference to what is used", () => {
    const request = fc.record({
      input: fc.integer({ min: 0, max: 500 }),
      output: fc.integer({ min: 0, max: 500 }),
      tokens: fc.integer({ min: 0, max: 1500 }),
      requests: fc.constantFrom(0, 1),
      leaseMs: fc.constantFrom(1000, 600_000),
    });
    const shuffled = fc
      .array(request, { minLength: 2, maxLength: 12 })
      .chain((requests) =>
        fc.tuple(fc.constant(requests), fc.shuffledSubarray([...requests.keys()], { minLength: requests.length })),
      );
    const property = fc.property(shuffled, ([requests, order]) => {
      const limits = limitsOf({ tokensADay: 20_000, requestsAMinute: 12, concurrent: 12 });
      const finalUse = (positions: number[]) => {
        const book = openBook(limits, STARTS_AT);
        for (const [position, { leaseMs, ...bound }] of requests.entries()) {
          book.reserve(String(position), { input: bound.input, output: bound.output, minOutput: 0 }, leaseMs);
        }
        // Some leases have ended by themselves by now: their settlements come late.
        book.now += 1000;
        for (const position of positions) {
          const { tokens = 0, requests: count = 0 } = requests[position] ?? {};
          expect(book.settle(String(position), tokens, count)).toBe(true);
        }
        return book.view();
      };
      expect(finalUse(order)).toEqual(finalUse([...requests.keys()]));
    });
    fc.assert(property, { numRuns: 500 });
  });
});
