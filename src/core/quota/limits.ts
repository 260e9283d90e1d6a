// Conversion between a plan's units and the ledger's integers.

import type { Catalog, Plan } from "../catalog/schema.ts";
import type { Limits } from "./view.ts";
import type { QuotaUnit } from "../catalog/quota-window.ts";

const NANO_PER_USD = 1e9;

/** Converts a plan to the ledger's limits; dollars become nano-dollars. */
export function toLimits({ windows, concurrent }: Pick<Plan, "windows" | "concurrent">): Limits {
  const counted = windows.map((window) => ({ ...window, limit: toAmount(window.unit, window.limit) }));
  return { windows: counted, concurrent };
}

const budgetLimits = new WeakMap<object, Limits>();

/** Returns the limits of a catalog's budget, the same object for the same catalog; undefined without a budget. */
export function toBudgetLimits({ budget }: Catalog): Limits | undefined {
  if (!budget) return undefined;
  const limits = budgetLimits.get(budget) ?? toLimits({ ...budget, concurrent: Number.MAX_SAFE_INTEGER });
  budgetLimits.set(budget, limits);
  return limits;
}

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
