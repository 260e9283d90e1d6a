// Conversion between a plan's units and the ledger's integers.

import type { Catalog, Plan } from "../catalog/schema.ts";
import type { Limits } from "./view.ts";
import type { QuotaUnit, QuotaWindow } from "../catalog/quota-window.ts";

const NANO_PER_USD = 1e9;

type Limited = Pick<Plan, "windows" | "concurrent">;

/** The limits of each plan of a catalog, so that they are computed once. */
const limitsOfPlans = new WeakMap<object, Limits>();

/** Converts a plan to the ledger's limits; dollars become nano-dollars. */
export function toLimits(plan: Limited): Limits {
  return computeOnce(plan, () => plan);
}

/** Returns the limits of a catalog's budget, the same object for the same catalog; undefined without a budget. */
export function toBudgetLimits({ budget }: Pick<Catalog, "budget">): Limits | undefined {
  return budget && computeOnce(budget, () => ({ ...budget, concurrent: Number.MAX_SAFE_INTEGER }));
}

function computeOnce(key: object, toLimited: () => Limited): Limits {
  const known = limitsOfPlans.get(key);
  if (known) return known;
  const { windows, concurrent } = toLimited();
  const limits = { windows: windows.map(toCounted), concurrent };
  limitsOfPlans.set(key, limits);
  return limits;
}

const toCounted = (window: QuotaWindow) => ({ ...window, limit: toAmount(window.unit, window.limit) });

/** Converts a written amount (dollars for usd) to the ledger's unit (nano-dollars for usd). */
export function toAmount(unit: QuotaUnit, written: number): number {
  return Math.round(unit === "usd" ? written * NANO_PER_USD : written);
}

/** Converts an amount of the ledger to the written unit (dollars for usd). */
export function fromAmount(unit: QuotaUnit, amount: number): number {
  return unit === "usd" ? toUsd(amount) : amount;
}

/** Converts nano-dollars to dollars. */
export function toUsd(nanoUsd: number): number {
  return nanoUsd / NANO_PER_USD;
}
