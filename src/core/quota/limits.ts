// A plan's limits as the ledger counts them, and money as people write it.

import type { Plan } from "../catalog/schema.ts";
import type { Limits } from "./view.ts";
import type { QuotaUnit } from "../catalog/quota-window.ts";

const NANO_PER_USD = 1e9;

/** The plan with its dollars as nano-dollars. */
export function toLimits({ windows, concurrent }: Plan): Limits {
  const counted = windows.map((window) => ({ ...window, limit: toAmount(window.unit, window.limit) }));
  return { windows: counted, concurrent };
}

/** An amount as an operator writes it, in the unit that the ledger counts. */
export function toAmount(unit: QuotaUnit, written: number): number {
  return Math.round(unit === "usd" ? written * NANO_PER_USD : written);
}

/** An amount of the ledger, as people write it. */
export function fromAmount(unit: QuotaUnit, amount: number): number {
  return unit === "usd" ? toUsd(amount) : amount;
}

export function toUsd(nanoUsd: number): number {
  return nanoUsd / NANO_PER_USD;
}
