// The stored state of one user: use and leases. It holds no limits: the plan travels with each call.

import type { Amounts } from "../catalog/quota-window.ts";

/** `at` is the latest moment seen (epoch ms): a clock that runs backwards changes nothing. */
export interface Ledger {
  version: 3;
  at: number;
  /** Use per window ("tokens/day") in the period that began at `start` (epoch ms). */
  used: Record<string, Use>;
  /** What an operator granted on top of a window's limit, in the period that began at `start`. */
  extra: Record<string, Use>;
  leases: Record<string, StoredLease>;
  /** Keys that were settled lately, newest last: a reserve that arrives twice must not open a second lease. */
  settled: string[];
}

export interface Use {
  start: number;
  amount: number;
  /** When an operator reset it (epoch ms): leases that had ended by then are forgiven for good. */
  resetAt?: number;
}

/** A reservation. It ends by itself at `endsAt`, is then charged in full, and can still be corrected once. */
export interface StoredLease {
  at: number;
  endsAt: number;
  /** The card of the model that it is for. */
  model: string;
  /** All that is reserved. */
  bound: Amounts;
  /** The output tokens granted to each choice. */
  granted: number;
  /** No other lease with the same key may run meanwhile. */
  exclusive?: string;
  ended: boolean;
}

/** The ledger of a user who has used nothing. */
export function emptyLedger(): Ledger {
  return { version: 3, at: 0, used: {}, extra: {}, leases: {}, settled: [] };
}

/** The ledger before units had names: a lease's bound said `usd` where it now says `nanoUsd`. */
interface LedgerVersion2 extends Omit<Ledger, "version" | "leases"> {
  version: 2;
  leases: Record<string, Omit<StoredLease, "bound"> & { bound: { tokens: number; requests: number; usd: number } }>;
}

/** Reads a stored ledger of this version or of the one before it. */
export function readLedger(stored: Ledger | LedgerVersion2): Ledger {
  if (stored.version === 3) return stored;
  const leases = Object.entries(stored.leases).map(([key, lease]) => {
    const { tokens, requests, usd } = lease.bound;
    return [key, { ...lease, bound: { tokens, requests, nanoUsd: usd } }] as const;
  });
  return { ...stored, version: 3, leases: Object.fromEntries(leases) };
}
