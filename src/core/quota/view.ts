// The quota view: used, reserved and remaining amounts of each window. Pure, like the ledger.

import type { Ledger, Use } from "./state.ts";
import type { QuotaWindow } from "../catalog/quota-window.ts";
import { amountOf, countsModel, periodEnd, periodStart, windowKey } from "../catalog/quota-window.ts";

/** The limits of a plan, in the ledger's units. */
export interface Limits {
  windows: QuotaWindow[];
  /** The most leases that run at the same time. */
  concurrent: number;
}

export interface WindowView extends QuotaWindow {
  used: number;
  reserved: number;
  /** The remaining amount: `limit` without `used` and `reserved`, at least 0. */
  left: number;
  /** Epoch ms. */
  resetAt: number;
}

export interface QuotaView {
  windows: WindowView[];
  leases: { running: number; allowed: number };
}

/** Returns every window at the ledger's own time. `limit` includes an operator's grants. */
export function viewOf(ledger: Ledger, limits: Limits): QuotaView {
  const { at } = ledger;
  const running = Object.values(ledger.leases).filter((lease) => !lease.ended);
  const windows = limits.windows.map((window) => {
    const { unit, per } = window;
    const key = windowKey(window);
    const start = periodStart(per, at);
    const limit = window.limit + amountIn(ledger.extra[key], start);
    const used = amountIn(ledger.used[key], start);
    let reserved = 0;
    for (const lease of running) {
      const isCounted = countsModel(window, lease.model) && periodStart(per, lease.at) === start;
      if (isCounted) reserved += amountOf(lease.bound, unit);
    }
    return toWindowView({ ...window, limit }, used, reserved, at);
  });
  const places = running.filter(({ isPart, job }) => !isPart && !job);
  return { windows, leases: { running: places.length, allowed: limits.concurrent } };
}

/**
 * A view as the object returns it to a caller who knows the limits: the time, the running leases, and three amounts of
 * each window. It is small, because every request gets two.
 */
export type PackedView = number[];

/** Packs a view at `at` (epoch ms). */
export function packView({ windows, leases }: QuotaView, at: number): PackedView {
  return [at, leases.running, ...windows.flatMap(({ limit, used, reserved }) => [limit, used, reserved])];
}

/** Unpacks a view of the same limits. */
export function unpackView([at = 0, running = 0, ...amounts]: PackedView, limits: Limits): QuotaView {
  const windows = limits.windows.map((window, index) => {
    const [limit = 0, used = 0, reserved = 0] = amounts.slice(3 * index);
    return toWindowView({ ...window, limit }, used, reserved, at);
  });
  return { windows, leases: { running, allowed: limits.concurrent } };
}

/** `window.limit` includes an operator's grants. */
function toWindowView(window: QuotaWindow, used: number, reserved: number, at: number): WindowView {
  const left = Math.max(0, window.limit - used - reserved);
  return { ...window, used, reserved, left, resetAt: periodEnd(window.per, at) };
}

const amountIn = (use: Use | undefined, start: number) => (use?.start === start ? use.amount : 0);
