// What can happen to one user's quota, as fast-check arbitraries: steps of a random history.

import * as fc from "fast-check";
import type { Bound, Charge } from "../../src/quota/ledger.ts";

/** One thing that happens. Keys are drawn from those of earlier reserves by position, so that repeats are common. */
export type Step =
  | { kind: "reserve"; bound: Bound; leaseMs: number }
  | { kind: "reserve again"; which: number; bound: Bound }
  | { kind: "settle"; which: number; charge: Charge }
  | { kind: "time"; ms: number }
  | { kind: "plan"; plan: number };

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const bounds: fc.Arbitrary<Bound> = fc
  .record({
    input: fc.integer({ min: 0, max: 600 }),
    output: fc.integer({ min: 0, max: 600 }),
    least: fc.integer({ min: 0, max: 600 }),
    choices: fc.constantFrom(1, 1, 1, 2, 3, 7),
  })
  .map(({ input, output, least, choices }) => ({ input, output, minOutput: Math.min(least, output), choices }));

const charges: fc.Arbitrary<Charge> = fc.record({
  tokens: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 9_000_000 })),
  requests: fc.constantFrom(0, 1, 1, 1),
});

const leases = fc.constantFrom(1, 30 * SECOND_MS, 10 * MINUTE_MS, 2 * HOUR_MS, 26 * HOUR_MS);
const which = fc.nat({ max: 30 });
const forward = fc.oneof(
  fc.integer({ min: 0, max: 90 * SECOND_MS }),
  fc.integer({ min: 0, max: 2 * HOUR_MS }),
  fc.integer({ min: 0, max: 40 * 24 * HOUR_MS }),
);
const backward = fc.integer({ min: -26 * HOUR_MS, max: -1 });

/** Random steps; `plans` is how many plans there are to change between. At most 30 are reserves. */
export function arbitrarySteps(plans: number): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("reserve"), bound: bounds, leaseMs: leases }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("reserve again"), which, bound: bounds }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("settle"), which, charge: charges }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("time"), ms: forward }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("time"), ms: backward }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("plan"), plan: fc.nat({ max: plans - 1 }) }) },
  );
  return fc.array(step, { minLength: 1, maxLength: 30, size: "max" });
}
