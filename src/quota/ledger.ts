// How much may be spent: reserve and settle over one user's state. Pure: no clock, storage or network; state, plan
// and time come in, the next state and a tagged result go out. Integers only. The state holds use, never limits.

import type { Limits, View, WindowView } from "./view.ts";
import { viewOf, windowKey } from "./view.ts";
import type { Period, Unit } from "./window.ts";
import { periodStart } from "./window.ts";

/** One user's state, as stored. `at` is the latest moment seen: a clock that runs backwards changes nothing. */
export interface Ledger {
  version: 1;
  at: number;
  /** Use per window ("tokens/day") in the period that began at `start` (epoch ms). */
  used: Record<string, { start: number; amount: number }>;
  leases: Record<string, Lease>;
  /** Keys that were settled lately, newest last: a reserve that arrives twice must not open a second lease. */
  settled: string[];
}

/** A reservation. It ends by itself at `endsAt`, is then charged in full, and can still be corrected once. */
interface Lease {
  at: number;
  endsAt: number;
  /** All tokens reserved. */
  tokens: number;
  /** The output tokens granted to each choice. */
  granted: number;
  ended: boolean;
}

/** The most that a request can cost, in tokens. Between `minOutput` and `output` is granted to each choice. */
export interface Bound {
  input: number;
  output: number;
  minOutput: number;
  choices: number;
}

export interface Reservation {
  key: string;
  bound: Bound;
  /** How long the lease runs before it ends by itself. */
  leaseMs: number;
}

/** What a request really used. */
export interface Charge {
  tokens: number;
  requests: number;
}

export type ReserveResult =
  | { ok: true; granted: number; view: View }
  | { ok: false; reason: "settled"; view: View }
  | { ok: false; reason: "concurrent"; retryAfterMs: number; view: View }
  | { ok: false; reason: "window"; window: WindowView; needed: number; retryAfterMs: number; view: View };

const REMEMBERED_KEYS = 32;
/** How long a lease that ended by itself can still be corrected. */
const CORRECTABLE_MS = 3_600_000;
/** What a caller is told to wait when the user's own running requests stand in the way, not the window. */
const BUSY_RETRY_MS = 1000;

export function emptyLedger(): Ledger {
  return { version: 1, at: 0, used: {}, leases: {}, settled: [] };
}

/**
 * Takes the bound from every window and grants as much output as fits, or says what refuses. The same key gets the
 * same answer again and is reserved once. `changed`: whether there is something to store.
 */
export function reserve(
  ledger: Ledger,
  limits: Limits,
  { key, bound, leaseMs }: Reservation,
  now: number,
): { ledger: Ledger; changed: boolean; result: ReserveResult } {
  const state = sweep(ledger, now);
  const view = viewOf(state, limits);
  const answer = (result: ReserveResult) => ({ ledger: state, changed: false, result });

  const known = Object.hasOwn(state.leases, key) ? state.leases[key] : undefined;
  if (known) return answer({ ok: true, granted: known.granted, view });
  if (state.settled.includes(key)) return answer({ ok: false, reason: "settled", view });
  if (view.leases.running >= limits.concurrent) {
    return answer({ ok: false, reason: "concurrent", retryAfterMs: BUSY_RETRY_MS, view });
  }
  const needed = { tokens: bound.input + bound.minOutput * bound.choices, requests: 1 };
  const refusing = view.windows.filter((window) => window.left < needed[window.unit]);
  const window = refusing.toSorted((one, other) => other.resetAt - one.resetAt)[0];
  if (window) {
    const busy = refusing.every(({ used, unit, limit }) => used + needed[unit] <= limit);
    const retryAfterMs = busy ? BUSY_RETRY_MS : window.resetAt - state.at;
    return answer({ ok: false, reason: "window", window, needed: needed[window.unit], retryAfterMs, view });
  }

  const rooms = view.windows.filter(({ unit }) => unit === "tokens");
  const rests = rooms.map(({ left }) => Math.floor((left - bound.input) / bound.choices));
  const granted = Math.min(bound.output, ...rests);
  const tokens = bound.input + granted * bound.choices;
  const lease = { at: state.at, endsAt: state.at + leaseMs, tokens, granted, ended: false };
  const next = { ...state, used: openWindows(state, limits), leases: { ...state.leases, [key]: lease } };
  return { ledger: next, changed: true, result: { ok: true, granted, view: viewOf(next, limits) } };
}

/**
 * Replaces a reservation by what was used, at most by the reservation itself. Once per key: an unknown or settled key
 * changes nothing; a lease that had ended by itself is corrected. Charged to the periods in which it was reserved.
 */
export function settle(
  ledger: Ledger,
  { key, charge }: { key: string; charge: Charge },
  now: number,
): { ledger: Ledger; changed: boolean } {
  const state = sweep(ledger, now);
  const { [key]: lease, ...leases } = state.leases;
  if (!lease || !Object.hasOwn(state.leases, key)) return { ledger: state, changed: false };
  const already = lease.ended ? { tokens: lease.tokens, requests: 1 } : { tokens: 0, requests: 0 };
  const used = addUse(state.used, lease, {
    tokens: Math.min(charge.tokens, lease.tokens) - already.tokens,
    requests: Math.min(charge.requests, 1) - already.requests,
  });
  const settled = [...state.settled, key].slice(-REMEMBERED_KEYS);
  return { ledger: { ...state, used, leases, settled }, changed: true };
}

/**
 * The ledger as it stands at `now`: leases whose time has come are ended and charged, past periods and leases that
 * can no longer be corrected are gone. It follows from the stored state, so it need not be stored.
 */
export function sweep(ledger: Ledger, now: number): Ledger {
  const at = Math.max(now, ledger.at);
  const leases: Record<string, Lease> = {};
  const current = Object.entries(ledger.used).filter(([key, use]) => use.start === periodStart(perOf(key), at));
  let used: Ledger["used"] = Object.fromEntries(current);
  for (const [key, lease] of Object.entries(ledger.leases)) {
    if (lease.endsAt > at) leases[key] = lease;
    else if (lease.endsAt + CORRECTABLE_MS > at) leases[key] = { ...lease, ended: true };
    if (lease.endsAt <= at && !lease.ended) used = addUse(used, lease, { tokens: lease.tokens, requests: 1 });
  }
  return { ...ledger, at, used, leases };
}

/** What is used, reserved and left of every window of a plan at `now`. */
export function view(ledger: Ledger, limits: Limits, now: number): View {
  return viewOf(sweep(ledger, now), limits);
}

/** When the next running lease ends by itself (epoch ms), or undefined when none is running. */
export function nextLeaseEnd(ledger: Ledger): number | undefined {
  const running = Object.values(ledger.leases).filter((lease) => !lease.ended);
  return running.length > 0 ? Math.min(...running.map((lease) => lease.endsAt)) : undefined;
}

/** Use with an entry for every window of the plan. One that is new to this user begins with what can still be corrected. */
function openWindows(state: Ledger, limits: Limits): Ledger["used"] {
  const ended = Object.values(state.leases).filter((lease) => lease.ended);
  let opened: Ledger["used"] = {};
  for (const window of limits.windows)
    opened[windowKey(window)] = { start: periodStart(window.per, state.at), amount: 0 };
  for (const lease of ended) opened = addUse(opened, lease, { tokens: lease.tokens, requests: 1 });
  return { ...opened, ...state.used };
}

/** Adds to every window that still is in the period in which the lease was made. */
function addUse(used: Ledger["used"], lease: Lease, charge: Charge): Ledger["used"] {
  const added = Object.entries(used).map(([key, use]) => {
    const same = periodStart(perOf(key), lease.at) === use.start;
    const amount = same ? use.amount + charge[key.slice(0, key.indexOf("/")) as Unit] : use.amount;
    return [key, { start: use.start, amount }] as const;
  });
  return Object.fromEntries(added);
}

const perOf = (key: string) => key.slice(key.indexOf("/") + 1) as Period;
