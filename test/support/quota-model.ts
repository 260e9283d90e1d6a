// The ledger told a second time, as slowly and plainly as possible: a list of everything that ever happened, added up
// anew at each question. Windows: tokens a day and requests a minute, nothing else.

import type { Bound } from "../../src/quota/ledger.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const CORRECTABLE_MS = 3_600_000;

export interface ModelPlan {
  tokensADay: number;
  requestsAMinute: number;
  concurrent: number;
}

export interface ModelUse {
  used: number;
  reserved: number;
}

interface Entry {
  key: string;
  at: number;
  endsAt: number;
  tokens: number;
  granted: number;
  charge: { tokens: number; requests: number } | undefined;
}

export interface QuotaModel {
  reserve(
    key: string,
    bound: Bound,
    leaseMs: number,
    plan: ModelPlan,
    now: number,
  ): { reason: string; granted?: number };
  /** Whether it counted. */
  settle(key: string, charge: { tokens: number; requests: number }, now: number): boolean;
  tokens(now: number): ModelUse;
  requests(now: number): ModelUse;
  running(now: number): number;
}

export function createQuotaModel(): QuotaModel {
  const history: Entry[] = [];
  // Time is what was last stored, or later; it was stored whenever something happened.
  let storedAt = 0;
  const timeAt = (now: number) => Math.max(now, storedAt);
  const isRunning = (entry: Entry, time: number) => !entry.charge && time < entry.endsAt;
  const isKnown = (entry: Entry, time: number) => !entry.charge && time < entry.endsAt + CORRECTABLE_MS;
  const find = (key: string) => history.findLast((entry) => entry.key === key);

  const add = (now: number, periodMs: number, amountOf: (entry: Entry) => { charge: number; lease: number }) => {
    const time = timeAt(now);
    const use = { used: 0, reserved: 0 };
    for (const entry of history) {
      if (Math.floor(entry.at / periodMs) !== Math.floor(time / periodMs)) continue;
      const { charge, lease } = amountOf(entry);
      if (entry.charge) use.used += charge;
      else if (isRunning(entry, time)) use.reserved += lease;
      else use.used += lease;
    }
    return use;
  };
  const tokens = (now: number) =>
    add(now, DAY_MS, ({ charge, tokens }) => ({ charge: charge?.tokens ?? 0, lease: tokens }));
  const requests = (now: number) => add(now, MINUTE_MS, ({ charge }) => ({ charge: charge?.requests ?? 0, lease: 1 }));
  const running = (now: number) => history.filter((entry) => isRunning(entry, timeAt(now))).length;

  return {
    tokens,
    requests,
    running,
    reserve(key, bound, leaseMs, plan, now) {
      const time = timeAt(now);
      const known = find(key);
      if (known && isKnown(known, time)) return { reason: "granted", granted: known.granted };
      if (known?.charge) return { reason: "settled" };
      if (running(now) >= plan.concurrent) return { reason: "concurrent" };
      const [day, minute] = [tokens(now), requests(now)];
      const free = plan.tokensADay - day.used - day.reserved;
      const least = bound.input + bound.minOutput * bound.choices;
      if (least > free || minute.used + minute.reserved >= plan.requestsAMinute) return { reason: "window" };
      const granted = Math.min(bound.output, Math.floor((free - bound.input) / bound.choices));
      const taken = bound.input + granted * bound.choices;
      history.push({ key, at: time, endsAt: time + leaseMs, tokens: taken, granted, charge: undefined });
      storedAt = time;
      return { reason: "granted", granted };
    },
    settle(key, charge, now) {
      const time = timeAt(now);
      const entry = find(key);
      if (!entry || !isKnown(entry, time)) return false;
      entry.charge = { tokens: Math.min(charge.tokens, entry.tokens), requests: Math.min(charge.requests, 1) };
      storedAt = time;
      return true;
    },
  };
}
