// Quota windows: units, limits and periods. Periods are aligned to UTC. Pure.

import { setNewest } from "../bounded-map.ts";

export type Period = "minute" | "hour" | "day" | "month";

/** The unit that a window counts. */
export type QuotaUnit = "tokens" | "requests" | "usd";

/** One limit of a plan: at most `limit` of `unit` in each `per`, for all models or only for `models`. */
export interface QuotaWindow {
  unit: QuotaUnit;
  per: Period;
  /** Nano-dollars (1e-9 USD) for `usd`. */
  limit: number;
  /** Cards that it counts; all when absent. */
  models?: string[] | undefined;
}

/** An amount in every unit, as integers. */
export interface Amounts {
  tokens: number;
  requests: number;
  nanoUsd: number;
}

/** Returns the amount in one unit (nano-dollars for usd). */
export function amountOf(amounts: Amounts, unit: QuotaUnit): number {
  return unit === "usd" ? amounts.nanoUsd : amounts[unit];
}

export const NO_AMOUNTS: Amounts = { tokens: 0, requests: 0, nanoUsd: 0 };

/** Adds `factor` times the other amounts, unit by unit. */
export function addAmounts(one: Amounts, other: Amounts, factor = 1): Amounts {
  return {
    tokens: one.tokens + factor * other.tokens,
    requests: one.requests + factor * other.requests,
    nanoUsd: one.nanoUsd + factor * other.nanoUsd,
  };
}

/** Returns the excess of an amount over a bound, unit by unit. */
export const excessOver = (amount: Amounts, bound: Amounts): Amounts => addAmounts(amount, leastOf(amount, bound), -1);

/** Returns the smaller of two amounts, unit by unit. */
export function leastOf(one: Amounts, other: Amounts): Amounts {
  return {
    tokens: Math.min(one.tokens, other.tokens),
    requests: Math.min(one.requests, other.requests),
    nanoUsd: Math.min(one.nanoUsd, other.nanoUsd),
  };
}

const LENGTH_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The month of the last call. The calendar is slow, and most calls are about the current month. */
let month = { start: 0, end: 0 };

function monthOf(at: number): { start: number; end: number } {
  if (at >= month.start && at < month.end) return month;
  const date = new Date(at);
  const [year, index] = [date.getUTCFullYear(), date.getUTCMonth()];
  month = { start: Date.UTC(year, index), end: Date.UTC(year, index + 1) };
  return month;
}

/** Returns the start of the period that contains `at` (both epoch ms). */
export function periodStart(per: Period, at: number): number {
  return per === "month" ? monthOf(at).start : at - (at % LENGTH_MS[per]);
}

/** Returns the end of the period that contains `at` (both epoch ms). */
export function periodEnd(per: Period, at: number): number {
  return per === "month" ? monthOf(at).end : periodStart(per, at) + LENGTH_MS[per];
}

/** Returns the key of a window in storage and on the wire: "tokens/day", or "tokens/day/o3,o4-mini". */
export function windowKey({ unit, per, models }: Omit<QuotaWindow, "limit">): string {
  return models ? `${unit}/${per}/${models.toSorted().join(",")}` : `${unit}/${per}`;
}

export interface ParsedWindowKey {
  unit: QuotaUnit;
  per: Period;
  /** Tests if the window counts a model (a card's key). */
  counts: (model: string) => boolean;
}

const MAX_PARSED_KEYS = 1000;
const parsedKeys = new Map<string, ParsedWindowKey>();

/** Parses a window key. */
export function parseWindowKey(key: string): ParsedWindowKey {
  const known = parsedKeys.get(key);
  if (known) return known;
  const [unit, per, models] = key.split("/") as [QuotaUnit, Period, string?];
  const window = { models: models?.split(",") };
  const parsed = { unit, per, counts: (model: string) => countsModel(window, model) };
  setNewest(parsedKeys, key, parsed, MAX_PARSED_KEYS);
  return parsed;
}

/** Tests if a window counts a model (a card's key). */
export function countsModel({ models }: Pick<QuotaWindow, "models">, model: string): boolean {
  return models === undefined || models.includes(model);
}
