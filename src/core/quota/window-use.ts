// The use of each quota window: which charges it counts, and in which period. Pure.

import type { Ledger, StoredLease, Use } from "./state.ts";
import { addToDay } from "./history.ts";
import type { Limits } from "./view.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { amountOf, parseWindowKey, periodStart, windowKey } from "../catalog/quota-window.ts";

/**
 * Adds an entry for every window of the plan. A new window starts with the expired leases that are still correctable.
 */
export function openWindows(state: Ledger, limits: Limits): Ledger {
  if (limits.windows.every((window) => windowKey(window) in state.used)) return state;
  const ended = Object.values(state.leases).filter((lease) => lease.ended);
  let opened: Ledger["used"] = {};
  for (const window of limits.windows) {
    opened[windowKey(window)] = { start: periodStart(window.per, state.at), amount: 0 };
  }
  for (const lease of ended) opened = addUse(opened, lease, lease.bound);
  return { ...state, used: { ...opened, ...state.used } };
}

type ChargedLease = Pick<StoredLease, "at" | "endsAt" | "model" | "ended">;

/** Charges a lease: adds the amounts to its windows and to its day. `state` must be swept. */
export function addCharge(state: Ledger, lease: ChargedLease, charge: Amounts): Ledger {
  return {
    ...state,
    used: addUse(state.used, lease, charge),
    days: addToDay(state.days, lease.at, charge, state.at),
  };
}

/** Adds a charge to every window that counts the lease. Skips other periods, and leases that expired before a reset. */
function addUse(used: Ledger["used"], lease: ChargedLease, charge: Amounts): Ledger["used"] {
  const added = { ...used };
  for (const [key, use] of Object.entries(used)) {
    const { unit, per, counts } = parseWindowKey(key);
    const forgiven = lease.ended && lease.endsAt <= (use.resetAt ?? 0);
    const counted = !forgiven && counts(lease.model) && periodStart(per, lease.at) === use.start;
    if (counted) added[key] = { ...use, amount: use.amount + amountOf(charge, unit) };
  }
  return added;
}

/** Tests if no use is of a past period. */
export function isInCurrentPeriod(uses: Ledger["used"], at: number): boolean {
  return Object.entries(uses).every((entry) => isCurrent(entry, at));
}

/** Drops the use of past periods. */
export function inCurrentPeriod(uses: Ledger["used"], at: number): Ledger["used"] {
  return Object.fromEntries(Object.entries(uses).filter((entry) => isCurrent(entry, at)));
}

const isCurrent = ([key, { start }]: [string, Use], at: number) => start === periodStart(parseWindowKey(key).per, at);
