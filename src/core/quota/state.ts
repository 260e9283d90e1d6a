// What is remembered of one user, and nothing else: use, reservations, and what an operator has decided. No limits.

import type { Amounts } from "../catalog/quota-window.ts";

/** `at` is the latest moment seen (epoch ms): a clock that runs backwards changes nothing. */
export interface Ledger {
  version: 2;
  at: number;
  /** Use per window ("tokens/day") in the period that began at `start` (epoch ms). */
  used: Record<string, Use>;
  /** What an operator granted on top of a window's limit, in the period that began at `start`. */
  extra: Record<string, Use>;
  leases: Record<string, Lease>;
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
export interface Lease {
  at: number;
  endsAt: number;
  /** The card of the model that it is for. */
  model: string;
  /** All that is reserved. */
  bound: Amounts;
  /** The output tokens granted to each choice. */
  granted: number;
  /** What no other request goes on with while it runs: a conversation's id. */
  exclusive?: string;
  ended: boolean;
}

/** The ledger before money: leases knew their tokens only. */
interface LedgerVersion1 {
  version: 1;
  at: number;
  used: Record<string, Use>;
  leases: Record<string, { at: number; endsAt: number; tokens: number; granted: number; ended: boolean }>;
  settled: string[];
}

export function emptyLedger(): Ledger {
  return { version: 2, at: 0, used: {}, extra: {}, leases: {}, settled: [] };
}

/** A stored ledger of any version as one of today's. */
export function readLedger(stored: Ledger | LedgerVersion1): Ledger {
  if (stored.version === 2) return stored;
  const leases = Object.entries(stored.leases).map(([key, { tokens, ...lease }]) => {
    return [key, { ...lease, model: "", bound: { tokens, requests: 1, usd: 0 } }] as const;
  });
  return { ...stored, version: 2, extra: {}, leases: Object.fromEntries(leases) };
}
