// The ledger: reserve and settle over one user's state. Pure: no clock, storage or network. State, plan and time come
// in, the next state and a tagged result go out. Integers only. The state holds use, never limits.

import type { Ledger, StoredLease } from "./state.ts";
import type { Limits, QuotaView, WindowView } from "./view.ts";
import { viewOf } from "./view.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { amountOf, countsModel, parseWindowKey, periodStart, windowKey } from "../catalog/quota-window.ts";

/** The most that a request can cost. Between `minOutput` and `output` tokens are granted to each choice. */
export interface Bound {
  /** Tokens. */
  input: number;
  output: number;
  minOutput: number;
  choices: number;
  /** Nano-dollars: of all the input, and of one token of output, at the dearest rate that could apply. */
  inputNanoUsd: number;
  outputNanoUsd: number;
}

export interface Reservation {
  key: string;
  /** The card of the model that it is for. */
  model: string;
  bound: Bound;
  /** How long the lease runs before it ends by itself. */
  leaseMs: number;
  /** Refused while another running lease has the same. */
  exclusive?: string | undefined;
}

export type ReserveResult =
  | { ok: true; granted: number; view: QuotaView }
  | { ok: false; reason: "settled"; view: QuotaView }
  | { ok: false; reason: "concurrent" | "busy"; retryAfterMs: number; view: QuotaView }
  | { ok: false; reason: "window"; window: WindowView; needed: number; retryAfterMs: number; view: QuotaView };

const REMEMBERED_KEYS = 32;
/** How long a lease that ended by itself can still be corrected. */
export const CORRECTABLE_MS = 3_600_000;
/** What a caller is told to wait when the user's own running requests stand in the way, not the window. */
export const BUSY_RETRY_MS = 1000;

const NOTHING: Amounts = { tokens: 0, requests: 0, nanoUsd: 0 };

/**
 * Takes the bound from every window that counts the model and grants as much output as fits, or says what refuses.
 * The same key gets the same answer again and is reserved once. `changed`: whether there is something to store.
 */
export function reserve(
  ledger: Ledger,
  limits: Limits,
  { key, model, bound, leaseMs, exclusive }: Reservation,
  now: number,
): { ledger: Ledger; changed: boolean; result: ReserveResult } {
  const state = openWindows(sweep(ledger, now), limits);
  const view = viewOf(state, limits);
  const answer = (result: ReserveResult) => ({ ledger: state, changed: false, result });

  const known = Object.hasOwn(state.leases, key) ? state.leases[key] : undefined;
  if (known && !known.ended) return answer({ ok: true, granted: known.granted, view });
  if (known || state.settled.includes(key)) return answer({ ok: false, reason: "settled", view });
  if (view.leases.running >= limits.concurrent) {
    return answer({ ok: false, reason: "concurrent", retryAfterMs: BUSY_RETRY_MS, view });
  }
  const isTaken = (lease: StoredLease) => !lease.ended && lease.exclusive === exclusive;
  if (exclusive !== undefined && Object.values(state.leases).some(isTaken)) {
    return answer({ ok: false, reason: "busy", retryAfterMs: BUSY_RETRY_MS, view });
  }
  const counting = view.windows.filter((window) => countsModel(window, model));
  const needed = boundAmounts(bound, bound.minOutput);
  const refusing = counting.filter((window) => window.left < amountOf(needed, window.unit));
  const usedUp = refusing.filter(({ used, unit, limit }) => used + amountOf(needed, unit) > limit);
  const window = usedUp.toSorted((one, other) => other.resetAt - one.resetAt)[0] ?? refusing[0];
  if (window) {
    const retryAfterMs = usedUp.length === 0 ? BUSY_RETRY_MS : window.resetAt - state.at;
    return answer({ ok: false, reason: "window", window, needed: amountOf(needed, window.unit), retryAfterMs, view });
  }

  const granted = Math.min(bound.output, ...counting.map((each) => outputRoom(each, bound)));
  const lease: StoredLease = {
    at: state.at,
    endsAt: state.at + leaseMs,
    model,
    bound: boundAmounts(bound, granted),
    granted,
    ...(exclusive === undefined ? {} : { exclusive }),
    ended: false,
  };
  const next = { ...state, leases: { ...state.leases, [key]: lease } };
  return { ledger: next, changed: true, result: { ok: true, granted, view: viewOf(next, limits) } };
}

/**
 * Replaces a reservation by what was used, at most by the reservation itself. Once per key: an unknown or settled key
 * changes nothing; a lease that had ended by itself is corrected. Charged to the periods in which it was reserved.
 */
export function settle(
  ledger: Ledger,
  { key, charge }: { key: string; charge: Amounts },
  now: number,
): { ledger: Ledger; changed: boolean } {
  const state = sweep(ledger, now);
  const { [key]: lease, ...leases } = state.leases;
  if (!lease || !Object.hasOwn(state.leases, key)) return { ledger: state, changed: false };
  const already = lease.ended ? lease.bound : NOTHING;
  const owed = (unit: keyof Amounts) => Math.min(charge[unit], lease.bound[unit]) - already[unit];
  const used = addUse(state.used, lease, {
    tokens: owed("tokens"),
    requests: owed("requests"),
    nanoUsd: owed("nanoUsd"),
  });
  const settled = [...state.settled, key].slice(-REMEMBERED_KEYS);
  return { ledger: { ...state, used, leases, settled }, changed: true };
}

/**
 * Undoes a reservation whose answer never came. One that arrives only after this is refused as `settled`: nobody would
 * settle it.
 */
export function giveBack(ledger: Ledger, key: string, now: number): { ledger: Ledger; changed: boolean } {
  const next = settle(ledger, { key, charge: NOTHING }, now);
  if (next.changed || next.ledger.settled.includes(key)) return next;
  const settled = [...next.ledger.settled, key].slice(-REMEMBERED_KEYS);
  return { ledger: { ...next.ledger, settled }, changed: true };
}

/**
 * The ledger as it stands at `now`: leases whose time has come are ended and charged, past periods and leases that
 * can no longer be corrected are gone. It follows from the stored state, so it need not be stored.
 */
export function sweep(ledger: Ledger, now: number): Ledger {
  const at = Math.max(now, ledger.at);
  const leases = Object.entries(ledger.leases).filter(([, { endsAt }]) => endsAt + CORRECTABLE_MS > at);
  let used = inCurrentPeriod(ledger.used, at);
  for (const lease of Object.values(ledger.leases)) {
    if (lease.endsAt <= at && !lease.ended) used = addUse(used, lease, lease.bound);
  }
  const swept = leases.map(([key, lease]) => [key, { ...lease, ended: lease.endsAt <= at }] as const);
  return { ...ledger, at, used, extra: inCurrentPeriod(ledger.extra, at), leases: Object.fromEntries(swept) };
}

/** What is used, reserved and left of every window of a plan at `now`. */
export function view(ledger: Ledger, limits: Limits, now: number): QuotaView {
  return viewOf(openWindows(sweep(ledger, now), limits), limits);
}

/** When the next running lease ends by itself (epoch ms), or undefined when none is running. */
export function nextLeaseEnd(ledger: Ledger): number | undefined {
  const running = Object.values(ledger.leases).filter((lease) => !lease.ended);
  return running.length > 0 ? Math.min(...running.map((lease) => lease.endsAt)) : undefined;
}

/** What a bound comes to with that many output tokens for each choice. */
export function boundAmounts(bound: Bound, outputEach: number): Amounts {
  const output = outputEach * bound.choices;
  return { tokens: bound.input + output, requests: 1, nanoUsd: bound.inputNanoUsd + output * bound.outputNanoUsd };
}

/** The output tokens that a window has room for, per choice. */
function outputRoom({ unit, left }: WindowView, bound: Bound): number {
  if (unit === "tokens") return Math.floor((left - bound.input) / bound.choices);
  if (unit === "requests" || bound.outputNanoUsd === 0) return Infinity;
  return Math.floor((left - bound.inputNanoUsd) / (bound.outputNanoUsd * bound.choices));
}

/** With an entry for every window of the plan. One that is new to this user begins with what can still be corrected. */
function openWindows(state: Ledger, limits: Limits): Ledger {
  const ended = Object.values(state.leases).filter((lease) => lease.ended);
  let opened: Ledger["used"] = {};
  for (const window of limits.windows) {
    opened[windowKey(window)] = { start: periodStart(window.per, state.at), amount: 0 };
  }
  for (const lease of ended) opened = addUse(opened, lease, lease.bound);
  return { ...state, used: { ...opened, ...state.used } };
}

/** Adds to every window that counts the lease, unless it was made in another period or ended before a reset. */
function addUse(used: Ledger["used"], lease: StoredLease, charge: Amounts): Ledger["used"] {
  const added = Object.entries(used).map(([key, use]) => {
    const { unit, per, counts } = parseWindowKey(key);
    const forgiven = lease.ended && lease.endsAt <= (use.resetAt ?? 0);
    const same = !forgiven && counts(lease.model) && periodStart(per, lease.at) === use.start;
    return [key, same ? { ...use, amount: use.amount + amountOf(charge, unit) } : use] as const;
  });
  return Object.fromEntries(added);
}

function inCurrentPeriod(uses: Ledger["used"], at: number): Ledger["used"] {
  return Object.fromEntries(
    Object.entries(uses).filter(([key, { start }]) => start === periodStart(parseWindowKey(key).per, at)),
  );
}
