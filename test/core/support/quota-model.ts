// A second, simple implementation of the ledger: a list of everything that happened, added up for each call. It shares
// only types with the ledger.

import type { Bound } from "../../../src/core/quota/bound.ts";
import type { Limits } from "../../../src/core/quota/view.ts";
import type { Amounts, Period, QuotaUnit, QuotaWindow } from "../../../src/core/catalog/quota-window.ts";

const DAY_MS = 86_400_000;
const CORRECTABLE_MS = 3_600_000;
const CORRECTABLE_JOB_MS = 14 * DAY_MS;

/** A request that was granted. */
interface Entry {
  key: string;
  model: string;
  at: number;
  endsAt: number;
  bound: Amounts;
  granted: number;
  charge: Amounts | undefined;
  isJob: boolean;
  /** The provider's object of a job. */
  jobId?: string;
}

export interface ModelUse {
  limit: number;
  used: number;
  reserved: number;
  left: number;
}

/** A window in one of its periods: the requests that it counts, from the moment it was opened for this user. */
interface Opened {
  window: QuotaWindow;
  period: string;
  entries: Set<Entry>;
}

export interface ModelReservation {
  key: string;
  model: string;
  bound: Bound;
  leaseMs: number;
  job?: string | undefined;
}

export type ModelDecision = { reason: string; granted?: number };
export type QuotaModel = ReturnType<typeof createQuotaModel>;

export function createQuotaModel() {
  const history: Entry[] = [];
  const opened = new Map<string, Opened>();
  const grants = new Map<string, number>();
  // The time never goes back behind the last stored time.
  let storedAt = 0;
  const timeAt = (now: number) => Math.max(now, storedAt);
  const isRunning = (entry: Entry, time: number) => !entry.charge && time < entry.endsAt;
  const isKnown = (entry: Entry, time: number) =>
    !entry.charge && time < entry.endsAt + (entry.isJob ? CORRECTABLE_JOB_MS : CORRECTABLE_MS);
  const find = (key: string) => history.findLast((entry) => entry.key === key);

  const inPeriod = (window: QuotaWindow, time: number) =>
    history.filter(
      (entry) => isCounted(window, entry) && periodOf(window.per, entry.at) === periodOf(window.per, time),
    );
  /** A window that is not open yet starts with running leases, and with expired ones that can be corrected. */
  const entriesOf = (window: QuotaWindow, time: number) =>
    opened.get(slotOf(window, time))?.entries ?? inPeriod(window, time).filter((entry) => isKnown(entry, time));
  const open = (window: QuotaWindow, time: number, entries: Iterable<Entry>) =>
    opened.set(slotOf(window, time), {
      window,
      period: periodOf(window.per, time),
      entries: new Set(entries),
    });

  const useOf = (window: QuotaWindow, now: number): ModelUse => {
    const time = timeAt(now);
    const { unit } = window;
    let [used, reserved] = [0, 0];
    for (const entry of entriesOf(window, time)) {
      if (!isRunning(entry, time)) used += inUnit(entry.charge ?? entry.bound, unit);
    }
    for (const entry of inPeriod(window, time)) if (isRunning(entry, time)) reserved += inUnit(entry.bound, unit);
    const limit = window.limit + (grants.get(slotOf(window, time)) ?? 0);
    return { limit, used, reserved, left: Math.max(0, limit - used - reserved) };
  };
  const running = (now: number) => history.filter((entry) => isRunning(entry, timeAt(now)) && !entry.isJob).length;

  /** The sum of all charges by date, for the last 31 dates. */
  const chargesByDay = (now: number): Record<string, Amounts> => {
    const time = timeAt(now);
    const days: Record<string, Amounts> = {};
    for (const entry of history) {
      const date = periodOf("day", entry.at);
      if (isRunning(entry, time) || date < periodOf("day", time - 30 * DAY_MS)) continue;
      const { tokens, requests, nanoUsd } = entry.charge ?? entry.bound;
      const before = days[date] ?? { tokens: 0, requests: 0, nanoUsd: 0 };
      days[date] = {
        tokens: before.tokens + tokens,
        requests: before.requests + requests,
        nanoUsd: before.nanoUsd + nanoUsd,
      };
    }
    return Object.fromEntries(Object.entries(days).filter(([, amounts]) => isUsed(amounts)));
  };

  const openAll = (limits: Limits, time: number) => {
    for (const window of limits.windows) {
      if (!opened.has(slotOf(window, time))) open(window, time, entriesOf(window, time));
    }
  };
  const add = (entry: Entry, time: number) => {
    history.push(entry);
    for (const { window, period, entries } of opened.values()) {
      if (isCounted(window, entry) && period === periodOf(window.per, time)) entries.add(entry);
    }
    storedAt = time;
  };

  return {
    useOf,
    running,
    chargesByDay,
    reserve({ key, model, bound, leaseMs, job }: ModelReservation, limits: Limits, now: number): ModelDecision {
      const time = timeAt(now);
      const known = find(key);
      if (known && isRunning(known, time)) return { reason: "granted", granted: known.granted };
      if (known && (known.charge || isKnown(known, time))) return { reason: "settled" };
      if (job === undefined && running(now) >= limits.concurrent) return { reason: "concurrent" };
      const rooms = limits.windows
        .filter((window) => window.models?.includes(model) !== false)
        .map((window) => ({ unit: window.unit, left: useOf(window, now).left }));
      // A binary search for the output that fits.
      const fits = (output: number) => rooms.every(({ unit, left }) => inUnit(costOf(bound, output), unit) <= left);
      if (!fits(bound.minOutput)) return { reason: "window" };
      let [granted, tooMuch] = [bound.minOutput, bound.output + 1];
      while (tooMuch - granted > 1) {
        const middle = Math.floor((granted + tooMuch) / 2);
        if (fits(middle)) granted = middle;
        else tooMuch = middle;
      }
      openAll(limits, time);
      const entry = {
        key,
        model,
        at: time,
        endsAt: time + leaseMs,
        bound: costOf(bound, granted),
        granted,
        charge: undefined,
        isJob: job !== undefined,
      };
      add(entry, time);
      return { reason: "granted", granted };
    },
    spend(model: string, requests: number, limits: Limits, now: number): ModelDecision {
      const time = timeAt(now);
      const rooms = limits.windows.filter(
        ({ unit, models }) => unit === "requests" && models?.includes(model) !== false,
      );
      if (rooms.some((window) => useOf(window, now).left < requests)) return { reason: "window" };
      openAll(limits, time);
      const amounts = { tokens: 0, requests, nanoUsd: 0 };
      add({ key: "", model, at: time, endsAt: time, bound: amounts, granted: 0, charge: amounts, isJob: false }, time);
      return { reason: "granted" };
    },
    /** Returns true if it changed anything. */
    settle(key: string, charge: Amounts, now: number): boolean {
      const time = timeAt(now);
      const entry = find(key);
      if (!entry || !isKnown(entry, time)) return false;
      const least = (unit: keyof Amounts) => Math.min(charge[unit], entry.bound[unit]);
      entry.charge = { tokens: least("tokens"), requests: least("requests"), nanoUsd: least("nanoUsd") };
      storedAt = time;
      return true;
    },
    nameJob(key: string, id: string, now: number): void {
      const time = timeAt(now);
      const entry = find(key);
      if (!entry?.isJob || !isKnown(entry, time) || entry.jobId === id) return;
      entry.jobId = id;
      storedAt = time;
    },
    /** The reserved jobs by key, each with its object. */
    jobs: (now: number) =>
      history
        .filter((entry) => entry.isJob && isKnown(entry, timeAt(now)))
        .map(({ key, jobId, bound, endsAt }) => ({ key, id: jobId, bound, ended: endsAt <= timeAt(now) })),
    grant(window: QuotaWindow, amount: number, now: number): void {
      const slot = slotOf(window, timeAt(now));
      grants.set(slot, (grants.get(slot) ?? 0) + amount);
      storedAt = timeAt(now);
    },
    /** Clears the use. Running leases count when they end. */
    reset(window: QuotaWindow, now: number): void {
      const time = timeAt(now);
      open(
        window,
        time,
        inPeriod(window, time).filter((entry) => isRunning(entry, time)),
      );
      storedAt = time;
    },
  };
}

const isUsed = ({ tokens, requests, nanoUsd }: Amounts) => tokens + requests + nanoUsd > 0;

const inUnit = ({ nanoUsd, ...counts }: Amounts, unit: QuotaUnit) => (unit === "usd" ? nanoUsd : counts[unit]);

const isCounted = ({ models }: QuotaWindow, { model }: Entry) => models === undefined || models.includes(model);

const costOf = (bound: Bound, output: number): Amounts => ({
  tokens: bound.input + output * bound.choices,
  requests: bound.requests,
  nanoUsd: bound.inputNanoUsd + output * bound.choices * bound.outputNanoUsd,
});

/** The period of a time, as the start of its ISO date. */
const periodOf = (per: Period, time: number) =>
  new Date(time).toISOString().slice(0, { month: 7, day: 10, hour: 13, minute: 16 }[per]);

const slotOf = ({ unit, per, models }: QuotaWindow, time: number) =>
  `${unit} ${models?.join("+")} ${periodOf(per, time)}`;
