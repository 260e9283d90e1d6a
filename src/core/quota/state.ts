// The stored state of one user: use and leases.
// It contains no limits: callers pass the plan with each call.

import type { Amounts } from "../catalog/quota-window.ts";
import type { StoredDays } from "./history.ts";

/** `at` is the latest time of any call (epoch ms), so that a clock that runs backwards has no effect. */
export interface Ledger {
  version: 3;
  at: number;
  /** Use per window ("tokens/day") in the period that began at `start` (epoch ms). */
  used: Record<string, Use>;
  /** An operator's grants on top of a window's limit, in the period that began at `start`. */
  extra: Record<string, Use>;
  leases: Record<string, StoredLease>;
  /** Recently settled keys, shortened, newest last. A repeated reserve must not open a second lease. */
  settled: string[];
  /** Charges by day of the last 31 days. Absent without charges, and in older ledgers. */
  days?: StoredDays | undefined;
}

const MAX_SETTLED_KEYS = 32;

/** Adds a key to the settled ones. */
export function addSettled(settled: string[], key: string): string[] {
  return [...settled, shortKey(key)].slice(-MAX_SETTLED_KEYS);
}

/** Tests if a key was settled lately. */
export function isSettled({ settled }: Ledger, key: string): boolean {
  return settled.includes(shortKey(key));
}

/** The last 12 characters of a key are random, so they identify it. Short keys keep the row small. */
const shortKey = (key: string) => key.slice(-12);

export interface Use {
  start: number;
  amount: number;
  /** Time of an operator's reset (epoch ms). Leases that had expired by then are never charged again. */
  resetAt?: number;
}

/** A reservation. At `endsAt` it expires and is charged in full; a late settlement can correct it once. */
export interface StoredLease {
  at: number;
  endsAt: number;
  /** The card of the model. */
  model: string;
  /** The reserved amounts. */
  bound: Amounts;
  /** The output tokens granted to each choice. */
  granted: number;
  /** No other running lease may have the same value. */
  exclusive?: string;
  /** It is part of another request, and does not count as a concurrent one. */
  isPart?: true;
  /** Work that goes on at the provider for hours. It does not count as a concurrent request. */
  job?: StoredJob;
  /** It has expired. */
  ended: boolean;
}

/** A reservation's job, such as a batch. `id`: the provider's object, once it is known. */
export interface StoredJob {
  kind: string;
  id?: string;
}

/** The ledger of a user who has used nothing. */
export function emptyLedger(): Ledger {
  return { version: 3, at: 0, used: {}, extra: {}, leases: {}, settled: [] };
}

/** The previous format: a lease's bound has `usd` in place of `nanoUsd`. */
interface LedgerVersion2 extends Omit<Ledger, "version" | "leases"> {
  version: 2;
  leases: Record<string, Omit<StoredLease, "bound"> & { bound: { tokens: number; requests: number; usd: number } }>;
}

/** Reads a stored ledger of version 3, or converts one of version 2. Older ones of version 3 have whole settled keys. */
export function readLedger(stored: Ledger | LedgerVersion2): Ledger {
  const settled = stored.settled.map(shortKey);
  if (stored.version === 3) return { ...stored, settled };
  const leases = Object.entries(stored.leases).map(([key, lease]) => {
    const { tokens, requests, usd } = lease.bound;
    return [key, { ...lease, bound: { tokens, requests, nanoUsd: usd } }] as const;
  });
  return { ...stored, version: 3, settled, leases: Object.fromEntries(leases) };
}
