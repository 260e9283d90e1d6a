// The history: a user's charges by UTC day, for the last 31 days. Pure, like the ledger.
// Days are numbers: days since 1970-01-01 UTC.

import type { Amounts } from "../catalog/quota-window.ts";

/** The stored days. It is part of a row that every request writes, so it is a flat list: small and fast to write. */
export interface StoredDays {
  /** The first day. */
  first: number;
  /** Tokens, requests and nano-dollars of each day, from the first one on. */
  amounts: number[];
}

/** The charges of one day. */
export interface HistoryDay extends Amounts {
  day: number;
}

/** The days that are stored, including the current one. */
export const MAX_HISTORY_DAYS = 31;

/** The length of a UTC day. */
export const DAY_MS = 86_400_000;

const AMOUNTS_PER_DAY = 3;

/** Adds a charge to the day of its reservation. A day that is no longer stored is skipped. Times are in epoch ms. */
export function addToDay(
  days: StoredDays | undefined,
  reservedAt: number,
  { tokens, requests, nanoUsd }: Amounts,
  at: number,
): StoredDays | undefined {
  const day = dayOf(reservedAt);
  if (day < oldestDay(at) || (tokens === 0 && requests === 0 && nanoUsd === 0)) return days;
  const amounts = days?.amounts.slice() ?? [];
  let first = days?.first ?? day;
  for (; first > day; first--) amounts.unshift(0, 0, 0);
  const index = (day - first) * AMOUNTS_PER_DAY;
  while (amounts.length <= index) amounts.push(0, 0, 0);
  for (const [unit, amount] of [tokens, requests, nanoUsd].entries()) {
    amounts[index + unit] = (amounts[index + unit] ?? 0) + amount;
  }
  return { first, amounts };
}

/** Tests if no day is too old at `at` (epoch ms). */
export function hasOnlyStoredDays(days: StoredDays | undefined, at: number): boolean {
  return days === undefined || days.first >= oldestDay(at);
}

/** Drops the days that are too old. */
export function storedDays(days: StoredDays | undefined, at: number): StoredDays | undefined {
  if (days === undefined || hasOnlyStoredDays(days, at)) return days;
  const first = oldestDay(at);
  const amounts = days.amounts.slice((first - days.first) * AMOUNTS_PER_DAY);
  return amounts.length > 0 ? { first, amounts } : undefined;
}

/** Returns the last `count` days until `at` (epoch ms), oldest first. Days without use are zeros. */
export function lastDays(days: StoredDays | undefined, count: number, at: number): HistoryDay[] {
  const first = dayOf(at) - count + 1;
  return Array.from({ length: count }, (_, index) => {
    const day = first + index;
    const offset = days ? (day - days.first) * AMOUNTS_PER_DAY : -1;
    const [tokens = 0, requests = 0, nanoUsd = 0] = offset < 0 ? [] : (days?.amounts.slice(offset) ?? []);
    return { day, tokens, requests, nanoUsd };
  });
}

/** The time after which no day is stored (epoch ms); undefined without history. */
export function historyEnd(days: StoredDays | undefined): number | undefined {
  return days && (days.first + days.amounts.length / AMOUNTS_PER_DAY - 1 + MAX_HISTORY_DAYS) * DAY_MS;
}

const dayOf = (at: number) => Math.floor(at / DAY_MS);
const oldestDay = (at: number) => dayOf(at) - MAX_HISTORY_DAYS + 1;
