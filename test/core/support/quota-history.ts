// Random histories of one user's quota, as fast-check arbitraries.

import * as fc from "fast-check";
import type { Bound } from "../../../src/core/quota/bound.ts";
import type { ReserveResult, SpendResult } from "../../../src/core/quota/ledger.ts";
import type { Limits } from "../../../src/core/quota/view.ts";
import type { Amounts, QuotaUnit, QuotaWindow } from "../../../src/core/catalog/quota-window.ts";
import { windowKey } from "../../../src/core/catalog/quota-window.ts";
import type { Book } from "./quota-book.ts";
import { openBook } from "./quota-book.ts";

/** One step. Keys and windows are chosen by position from the existing ones, so that repeats are common. */
export type Step =
  | { kind: "reserve"; model: string; bound: Bound; leaseMs: number; job: string | undefined }
  | { kind: "reserve again"; which: number; model: string; bound: Bound; leaseMs: number }
  | { kind: "name job"; which: number; id: string }
  | { kind: "spend"; model: string; requests: number }
  | { kind: "settle"; which: number; charge: Amounts }
  | { kind: "time"; ms: number }
  | { kind: "plan"; plan: number }
  | { kind: "grant"; which: number; amount: number }
  | { kind: "reset"; which: number }
  | { kind: "evict" };

/** The start of all histories (epoch ms): shortly before the end of a day. */
export const STARTS_AT = Date.UTC(2026, 10, 23, 23, 58, 30);

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const MODELS = ["swift", "deep", "wide"];

const bounds: fc.Arbitrary<Bound> = fc
  .record({
    input: fc.integer({ min: 0, max: 600 }),
    output: fc.integer({ min: 0, max: 600 }),
    least: fc.integer({ min: 0, max: 600 }),
    choices: fc.constantFrom(1, 1, 1, 2, 3, 7),
    requests: fc.constantFrom(1, 1, 1, 4),
    inputNanoUsd: fc.integer({ min: 0, max: 3000 }),
    outputNanoUsd: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ input, output, least, choices, requests, inputNanoUsd, outputNanoUsd }) => ({
    input,
    output,
    minOutput: Math.min(least, output),
    choices,
    requests,
    inputNanoUsd,
    outputNanoUsd,
  }));

const charges: fc.Arbitrary<Amounts> = fc.record({
  tokens: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 9_000_000 })),
  requests: fc.constantFrom(0, 1, 1, 1),
  nanoUsd: fc.oneof(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 0, max: 9_000_000 })),
});

const models = fc.constantFrom(...MODELS);
const leases = fc.constantFrom(1, 30 * SECOND_MS, 10 * MINUTE_MS, 2 * HOUR_MS, 26 * HOUR_MS);
const jobs = fc.constantFrom(undefined, undefined, "batch");
const which = fc.nat({ max: 30 });
const forward = fc.oneof(
  fc.integer({ min: 0, max: 90 * SECOND_MS }),
  fc.integer({ min: 0, max: 2 * HOUR_MS }),
  fc.integer({ min: 0, max: 40 * 24 * HOUR_MS }),
);
const backward = fc.integer({ min: -26 * HOUR_MS, max: -1 });

/** Up to 30 random steps; `plans` is the number of plans. */
export function arbitrarySteps(plans: number): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("reserve"), model: models, bound: bounds, leaseMs: leases, job: jobs }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("reserve again"),
        which,
        model: models,
        bound: bounds,
        leaseMs: leases,
      }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("settle"), which, charge: charges }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("name job"), which, id: fc.constantFrom("one", "other") }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("spend"), model: models, requests: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("time"), ms: forward }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("time"), ms: backward }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("plan"), plan: fc.nat({ max: plans - 1 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("grant"), which, amount: fc.integer({ min: 0, max: 2000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("reset"), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("evict") }) },
  );
  return fc.array(step, { minLength: 1, maxLength: 30, size: "max" });
}

/** The highest limit of a unit, chosen so that about half of the requests fit. */
const LIMITS: Record<QuotaUnit, number> = { tokens: 4000, requests: 6, usd: 20_000 };

const windows: fc.Arbitrary<QuotaWindow> = fc
  .record({
    unit: fc.constantFrom("tokens", "requests", "usd"),
    per: fc.constantFrom("minute", "hour", "day", "month"),
    share: fc.integer({ min: 0, max: 100 }),
    models: fc.constantFrom(undefined, undefined, ["swift"], ["swift", "deep"]),
  })
  .map(({ unit, per, share, models }) => ({
    unit,
    per,
    limit: Math.floor((LIMITS[unit] * share) / 100),
    models: models && [...models],
  }));

const limits: fc.Arbitrary<Limits> = fc.record({
  windows: fc.uniqueArray(windows, { selector: windowKey, maxLength: 5 }),
  concurrent: fc.integer({ min: 1, max: 5 }),
});

/** Three plans to change between, of any windows. */
export const arbitraryPlans: fc.Arbitrary<Limits[]> = fc.array(limits, { minLength: 3, maxLength: 3 });

/** A user's book, the plans that it may have, and the keys that were used so far. */
export interface Stage {
  book: Book;
  plans: Limits[];
  keys: string[];
}

export function openStage(plans: Limits[]): Stage {
  return { book: openBook(plans[0] ?? { windows: [], concurrent: 1 }, STARTS_AT), plans, keys: [] };
}

export const keyAt = ({ keys }: Stage, which: number): string =>
  keys[which % Math.max(1, keys.length)] ?? "never reserved";

/** A window of any plan, this one's or another's. */
export function windowAt({ plans }: Stage, which: number): QuotaWindow | undefined {
  const all = plans.flatMap((plan) => plan.windows);
  return all[which % Math.max(1, all.length)];
}

/** Applies a step. Returns the result of a reserve or spend, or if a settlement changed the ledger. */
export function play(stage: Stage, step: Step): ReserveResult | SpendResult | boolean | undefined {
  const { book, keys, plans } = stage;
  switch (step.kind) {
    case "reserve":
      keys.push(`key-${keys.length}`);
      return book.reserve(`key-${keys.length - 1}`, step.bound, step.leaseMs, step.model, undefined, step.job);
    case "reserve again":
      return book.reserve(keyAt(stage, step.which), step.bound, step.leaseMs, step.model);
    case "name job":
      book.nameJob(keyAt(stage, step.which), step.id);
      return undefined;
    case "spend":
      return book.spend(step);
    case "settle":
      return book.charge(keyAt(stage, step.which), step.charge);
    case "time":
      book.now += step.ms;
      return undefined;
    case "plan":
      book.limits = plans[step.plan] ?? book.limits;
      return undefined;
    case "evict":
      book.evict();
      return undefined;
    case "grant":
    case "reset": {
      const window = windowAt(stage, step.which);
      if (!window) return undefined;
      const name = windowKey(window);
      book.change(step.kind === "reset" ? { kind: "reset", window: name } : { ...step, kind: "grant", window: name });
      return undefined;
    }
  }
}
