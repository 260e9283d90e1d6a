// The ledger of the budget: reservations of single requests, and allotments of isolates. Pure, like the ledger.

import type { Amounts } from "../catalog/quota-window.ts";
import { addAmounts, leastOf, NO_AMOUNTS } from "../catalog/quota-window.ts";
import { entry } from "../catalog/schema.ts";
import { boundsToAllot } from "./allotment.ts";
import type { Bound } from "./bound.ts";
import { boundAmounts } from "./bound.ts";
import { changeLease, sweep } from "./expiry.ts";
import type { Reservation, ReserveResult } from "./ledger.ts";
import { reserve } from "./ledger.ts";
import type { Ledger } from "./state.ts";
import type { Limits, WindowView } from "./view.ts";
import { viewOf } from "./view.ts";
import { openWindows } from "./window-use.ts";

/** Asks for an allotment in place of the reservation of one request. */
export interface AllotmentRequest {
  key: string;
  /** The most that it may have, in bounds of the request. */
  bounds: number;
  /** The time in which requests draw from it. They may run for the time of a lease after that. */
  usedMs: number;
}

export type BudgetReservation = Pick<Reservation, "key" | "model" | "bound" | "leaseMs" | "job">;

/** `allotted`: the request has no reservation of its own, and draws its bound from the allotment. */
export type BudgetResult =
  | { ok: true; granted: number; allotted?: Amounts }
  | { ok: false; reason: "settled" }
  | { ok: false; reason: "window"; window: WindowView; needed: number; retryAfterMs: number };

type Next<Result> = { ledger: Ledger; changed: boolean; result: Result };

/**
 * Reserves an allotment if one is wanted and there is plenty of room, else the bound of the request. Idempotent by the
 * keys of both. A reservation of the request's key is replaced; it stays when the new one is refused.
 */
export function reserveInBudget(
  ledger: Ledger,
  limits: Limits,
  reservation: BudgetReservation,
  wanted: AllotmentRequest | undefined,
  now: number,
): Next<BudgetResult> {
  const state = openWindows(sweep(ledger, now), limits);
  const { key, model, bound, leaseMs } = reservation;
  const granted = bound.output;
  const opened = wanted && entry(state.leases, wanted.key);
  if (opened && !opened.ended) return { ledger, changed: false, result: { ok: true, granted, allotted: opened.bound } };
  if (wanted && !entry(state.leases, key)) {
    const amounts = budgetAmounts(bound);
    const bounds = boundsToAllot(viewOf(state, limits).windows, model, amounts, wanted.bounds);
    if (bounds > 0) {
      const allotted = addAmounts(NO_AMOUNTS, amounts, bounds);
      const allotment = { key: wanted.key, model, bound: fixedBound(allotted), leaseMs: leaseMs + wanted.usedMs };
      const next = reserve(state, limits, allotment, now);
      if (next.result.ok) return { ...next, result: { ok: true, granted, allotted } };
      return { ...next, result: toBudgetResult(next.result) };
    }
  }
  const { [key]: former, ...others } = state.leases;
  const leases = former?.ended ? state.leases : others;
  const next = reserve({ ...state, leases }, limits, reservation, now);
  return { ...next, ledger: next.changed ? next.ledger : ledger, result: toBudgetResult(next.result) };
}

/** The amounts of a whole bound that the budget counts. Its windows do not count requests. */
export const budgetAmounts = (bound: Bound): Amounts => ({ ...boundAmounts(bound, bound.output), requests: 0 });

/** Lowers the bound of a running reservation. */
export const lowerReservation = (ledger: Ledger, { key, bound }: { key: string; bound: Amounts }, now: number) =>
  changeLease(ledger, key, now, (lease) => !lease.ended && { ...lease, bound: leastOf(lease.bound, bound) });

/** A bound of exactly these amounts. */
const fixedBound = ({ tokens, requests, nanoUsd }: Amounts): Bound => ({
  input: tokens,
  output: 0,
  minOutput: 0,
  choices: 1,
  requests,
  inputNanoUsd: nanoUsd,
  outputNanoUsd: 0,
});

function toBudgetResult(result: ReserveResult): BudgetResult {
  if (result.ok) return { ok: true, granted: result.granted };
  if (result.reason !== "window") return { ok: false, reason: "settled" };
  const { window, needed, retryAfterMs } = result;
  return { ok: false, reason: "window", window, needed, retryAfterMs };
}
