// Expiry: the effect of time on a ledger. Pure.

import type { Ledger, StoredLease } from "./state.ts";
import { entry } from "../catalog/schema.ts";
import { parseWindowKey, periodEnd } from "../catalog/quota-window.ts";
import { hasOnlyStoredDays, historyEnd, storedDays } from "./history.ts";
import { addCharge, inCurrentPeriod, isInCurrentPeriod } from "./window-use.ts";

/** An expired lease can be corrected by a late settlement for this time; that of a job for 14 days. */
const CORRECTABLE_MS = 3_600_000;
const CORRECTABLE_JOB_MS = 14 * 86_400_000;

/** The time (epoch ms) after which a late settlement has no effect. */
const correctableUntil = ({ endsAt, job }: StoredLease) => endsAt + (job ? CORRECTABLE_JOB_MS : CORRECTABLE_MS);

/**
 * Returns the ledger at `now`: expires and charges overdue leases, and deletes past periods, old days, and leases that
 * can no longer be corrected. The result derives from the stored state, so it need not be stored.
 */
export function sweep(ledger: Ledger, now: number): Ledger {
  const at = Math.max(now, ledger.at);
  if (isCurrent(ledger, at)) return { ...ledger, at };
  const leases = Object.entries(ledger.leases).filter(([, lease]) => correctableUntil(lease) > at);
  let charged: Ledger = {
    ...ledger,
    at,
    used: inCurrentPeriod(ledger.used, at),
    extra: inCurrentPeriod(ledger.extra, at),
    days: storedDays(ledger.days, at),
  };
  for (const lease of Object.values(ledger.leases)) {
    if (lease.endsAt <= at && !lease.ended) charged = addCharge(charged, lease, lease.bound);
  }
  const swept = leases.map(([key, lease]) => [key, { ...lease, ended: lease.endsAt <= at }] as const);
  return { ...charged, leases: Object.fromEntries(swept) };
}

/** Replaces a lease with the result of `change`. False or undefined changes nothing. */
export function changeLease(
  ledger: Ledger,
  key: string,
  now: number,
  change: (lease: StoredLease) => StoredLease | false | undefined,
): { ledger: Ledger; changed: boolean } {
  const state = sweep(ledger, now);
  const lease = entry(state.leases, key);
  const changed = lease && change(lease);
  if (!changed) return { ledger: state, changed: false };
  return { ledger: { ...state, leases: { ...state.leases, [key]: changed } }, changed: true };
}

/** Tests if nothing has expired. This is true for most calls. */
function isCurrent({ used, extra, leases, days }: Ledger, at: number): boolean {
  const runs = (lease: StoredLease) => (lease.ended ? correctableUntil(lease) : lease.endsAt) > at;
  const isInPeriod = isInCurrentPeriod(used, at) && isInCurrentPeriod(extra, at);
  return isInPeriod && hasOnlyStoredDays(days, at) && Object.values(leases).every(runs);
}

/** The next expiry of a running lease (epoch ms); undefined when no lease is running. */
export function nextLeaseEnd(ledger: Ledger): number | undefined {
  const running = Object.values(ledger.leases).filter((lease) => !lease.ended);
  return running.length > 0 ? Math.min(...running.map((lease) => lease.endsAt)) : undefined;
}

/**
 * The time after which the state is empty (epoch ms): all periods have ended, no lease can be corrected, no day
 * of the history is left, and the account of a deleted user has ended.
 */
export function lastEnd({ used, extra, leases, days }: Ledger, accountEndsAt: number | undefined): number | undefined {
  const uses = Object.entries({ ...used, ...extra });
  const ends = [
    ...uses.map(([key, { start }]) => periodEnd(parseWindowKey(key).per, start)),
    ...Object.values(leases).map(correctableUntil),
    historyEnd(days),
    accountEndsAt,
  ].filter((end) => end !== undefined);
  return ends.length > 0 ? Math.max(...ends) : undefined;
}
