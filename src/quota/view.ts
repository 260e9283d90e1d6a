// What a user has left, window by window, read off a ledger. Pure, like the ledger itself.

import type { Ledger } from "./ledger.ts";
import type { Window } from "./window.ts";
import { periodEnd, periodStart } from "./window.ts";

/** A plan as the ledger needs it. */
export interface Limits {
  windows: Window[];
  /** Leases that may run at the same time. */
  concurrent: number;
}

export interface WindowView extends Window {
  used: number;
  reserved: number;
  left: number;
  resetAt: number;
}

export interface View {
  windows: WindowView[];
  leases: { running: number; allowed: number };
}

/** Use, reservations and rest of every window of a plan at the ledger's own time. */
export function viewOf(ledger: Ledger, limits: Limits): View {
  const running = Object.values(ledger.leases).filter((lease) => !lease.ended);
  const windows = limits.windows.map((window) => {
    const start = periodStart(window.per, ledger.at);
    const use = ledger.used[windowKey(window)];
    const used = use?.start === start ? use.amount : 0;
    const reserved = running
      .filter((lease) => periodStart(window.per, lease.at) === start)
      .reduce((sum, lease) => sum + (window.unit === "tokens" ? lease.tokens : 1), 0);
    const left = Math.max(0, window.limit - used - reserved);
    return { ...window, used, reserved, left, resetAt: periodEnd(window.per, ledger.at) };
  });
  return { windows, leases: { running: running.length, allowed: limits.concurrent } };
}

/** The name of a window in the state and on the wire: "tokens/day". */
export function windowKey(window: Pick<Window, "unit" | "per">): `${Window["unit"]}/${Window["per"]}` {
  return `${window.unit}/${window.per}`;
}
