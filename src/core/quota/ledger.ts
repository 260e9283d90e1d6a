// The ledger: reserves and settles on one user's state, in integers.
// Pure: no clock, storage or network. State, limits and time are arguments; the state contains no limits.
// Functions return the next state and a tagged result.

import type { Bound } from "./bound.ts";
import { boundAmounts } from "./bound.ts";
import type { Ledger, StoredLease } from "./state.ts";
import { addSettled, isSettled } from "./state.ts";
import type { Limits, QuotaView, WindowView } from "./view.ts";
import { viewOf } from "./view.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { entry } from "../catalog/schema.ts";
import { amountOf, countsModel, NO_AMOUNTS } from "../catalog/quota-window.ts";
import { changeLease, sweep } from "./expiry.ts";
import type { HistoryDay } from "./history.ts";
import { lastDays } from "./history.ts";
import { addCharge, openWindows } from "./window-use.ts";

export interface Reservation {
  /** A random text, such as a UUID. Its last 12 characters identify it. */
  key: string;
  /** The card of the model. */
  model: string;
  bound: Bound;
  /** Time until the lease expires. */
  leaseMs: number;
  /** The reservation is refused while a running lease has the same value. */
  exclusive?: string | undefined;
  /** The key of a running lease that this one is part of. It does not count as another concurrent request. */
  partOf?: string | undefined;
  /** The kind of the job that it pays for. A job does not count as a concurrent request. */
  job?: string | undefined;
}

/**
 * The reasons of a refusal:
 * - `settled`: the key was used.
 * - `concurrent`: too many leases.
 * - `busy`: the `exclusive` value is in use.
 * - `window`: a quota window is too small.
 */
export type ReserveResult<View = QuotaView> =
  | { ok: true; granted: number; view: View }
  | { ok: false; reason: "settled"; view: View }
  | { ok: false; reason: "concurrent" | "busy"; retryAfterMs: number; view: View }
  | WindowRefusal<View>;

interface WindowRefusal<View = QuotaView> {
  ok: false;
  reason: "window";
  window: WindowView;
  needed: number;
  retryAfterMs: number;
  view: View;
}

export type SpendResult = { ok: true; view: QuotaView } | WindowRefusal;

/** `retry-after` of a refusal that ends when one of the user's running requests ends. */
export const BUSY_RETRY_MS = 1000;

/**
 * Reserves the bound in every window that counts the model, and grants as much output as fits. A refusal names its
 * reason. Idempotent by key: a repeated call returns the first result. `changed`: the ledger must be stored.
 */
export function reserve(
  ledger: Ledger,
  limits: Limits,
  { key, model, bound, leaseMs, exclusive, partOf, job }: Reservation,
  now: number,
): { ledger: Ledger; changed: boolean; result: ReserveResult } {
  const state = openWindows(sweep(ledger, now), limits);
  const view = viewOf(state, limits);
  const unchanged = (result: ReserveResult) => ({ ledger: state, changed: false, result });

  const existing = entry(state.leases, key);
  if (existing && !existing.ended) return unchanged({ ok: true, granted: existing.granted, view });
  if (existing || isSettled(state, key)) return unchanged({ ok: false, reason: "settled", view });
  const isPart = partOf !== undefined && entry(state.leases, partOf)?.ended === false;
  if (view.leases.running >= limits.concurrent && !isPart && job === undefined) {
    return unchanged({ ok: false, reason: "concurrent", retryAfterMs: BUSY_RETRY_MS, view });
  }
  const isTaken = (lease: StoredLease) => !lease.ended && lease.exclusive === exclusive;
  if (exclusive !== undefined && Object.values(state.leases).some(isTaken)) {
    return unchanged({ ok: false, reason: "busy", retryAfterMs: BUSY_RETRY_MS, view });
  }
  const counting = view.windows.filter((window) => countsModel(window, model));
  const needed = boundAmounts(bound, bound.minOutput);
  const tooSmall = counting.filter((window) => window.left < amountOf(needed, window.unit));
  const usedUp = tooSmall.filter(({ used, unit, limit }) => used + amountOf(needed, unit) > limit);
  const window = usedUp.toSorted((one, other) => other.resetAt - one.resetAt)[0] ?? tooSmall[0];
  if (window) {
    const retryAfterMs = usedUp.length === 0 ? BUSY_RETRY_MS : window.resetAt - state.at;
    return unchanged({
      ok: false,
      reason: "window",
      window,
      needed: amountOf(needed, window.unit),
      retryAfterMs,
      view,
    });
  }

  const granted = Math.min(bound.output, ...counting.map((each) => outputRoom(each, bound)));
  const lease: StoredLease = {
    at: state.at,
    endsAt: state.at + leaseMs,
    model,
    bound: boundAmounts(bound, granted),
    granted,
    ...(exclusive === undefined ? {} : { exclusive }),
    ...(isPart ? { isPart } : {}),
    ...(job === undefined ? {} : { job: { kind: job } }),
    ended: false,
  };
  const next = { ...state, leases: { ...state.leases, [key]: lease } };
  return { ledger: next, changed: true, result: { ok: true, granted, view: viewOf(next, limits) } };
}

/**
 * Counts requests at once, without a reservation, in every window that counts the model. Requests without a model count
 * in the windows of all models. `changed`: the ledger must be stored.
 */
export function spend(
  ledger: Ledger,
  limits: Limits,
  { requests, model = "" }: { requests: number; model?: string | undefined },
  now: number,
): { ledger: Ledger; changed: boolean; result: SpendResult } {
  const state = openWindows(sweep(ledger, now), limits);
  const before = viewOf(state, limits);
  const counting = before.windows.filter(({ unit, ...window }) => unit === "requests" && countsModel(window, model));
  const window = counting.find(({ left }) => left < requests);
  if (window) {
    const retryAfterMs = window.used + requests > window.limit ? window.resetAt - state.at : BUSY_RETRY_MS;
    const result = { ok: false, reason: "window", window, needed: requests, retryAfterMs, view: before } as const;
    return { ledger: state, changed: false, result };
  }
  const lease = { at: state.at, model, ended: false, endsAt: state.at };
  const next = addCharge(state, lease, { ...NO_AMOUNTS, requests });
  return { ledger: next, changed: true, result: { ok: true, view: viewOf(next, limits) } };
}

/** The end of a reservation. */
export interface LedgerSettlement {
  key: string;
  /** Limited to the reservation. */
  charge: Amounts;
  /** Added to the charge, even beyond the limit of a window. */
  excess?: Amounts;
}

/**
 * Replaces a reservation with the charge, in the periods in which it was reserved. Idempotent by key: an unknown or
 * settled key changes nothing. Corrects an expired lease once.
 */
export function settle(
  ledger: Ledger,
  { key, charge, excess = NO_AMOUNTS }: LedgerSettlement,
  now: number,
): { ledger: Ledger; changed: boolean } {
  const state = sweep(ledger, now);
  const { [key]: lease, ...leases } = state.leases;
  if (!lease || !Object.hasOwn(state.leases, key)) return { ledger: state, changed: false };
  const charged = lease.ended ? lease.bound : NO_AMOUNTS;
  const owed = (unit: keyof Amounts) => Math.min(charge[unit], lease.bound[unit]) + excess[unit] - charged[unit];
  const next = addCharge(state, lease, {
    tokens: owed("tokens"),
    requests: owed("requests"),
    nanoUsd: owed("nanoUsd"),
  });
  const settled = addSettled(state.settled, key);
  return { ledger: { ...next, leases, settled }, changed: true };
}

/**
 * Gives back a reservation whose result was lost. If the reservation arrives after that, it is refused as `settled`,
 * because nothing would settle it.
 */
export function giveBack(ledger: Ledger, key: string, now: number): { ledger: Ledger; changed: boolean } {
  const next = settle(ledger, { key, charge: NO_AMOUNTS }, now);
  if (next.changed || isSettled(next.ledger, key)) return next;
  const settled = addSettled(next.ledger.settled, key);
  return { ledger: { ...next.ledger, settled }, changed: true };
}

/** Names the provider's object of a job's reservation. */
export const nameJob = (ledger: Ledger, { key, id }: { key: string; id: string }, now: number) =>
  changeLease(ledger, key, now, (lease) => lease.job && lease.job.id !== id && { ...lease, job: { ...lease.job, id } });

/** Returns the used, reserved and remaining amount of every window at `now`. */
export function view(ledger: Ledger, limits: Limits, now: number): QuotaView {
  return viewOf(openWindows(sweep(ledger, now), limits), limits);
}

/** Returns the charges of the last `count` days at `now`, oldest first, with zeros for days without use. */
export function history(ledger: Ledger, count: number, now: number): HistoryDay[] {
  const { days, at } = sweep(ledger, now);
  return lastDays(days, count, at);
}

/** The output tokens per choice that fit into a window. */
function outputRoom({ unit, left }: WindowView, bound: Bound): number {
  if (unit === "tokens") return Math.floor((left - bound.input) / bound.choices);
  if (unit === "requests" || bound.outputNanoUsd === 0) return Infinity;
  return Math.floor((left - bound.inputNanoUsd) / (bound.outputNanoUsd * bound.choices));
}
