// The caller's disconnect: cancels the provider at once or after a limited time.

import type { Clock, Ending } from "./watchdog.ts";

export interface Departure {
  /** True after the caller disconnected. */
  readonly callerLeft: boolean;
  /** Records the disconnect. Repeated calls have no effect. */
  markLeft: () => void;
}

/** Aborts `control` with an `Ending` when the caller disconnects, or `afterMs` later to wait for the usage. */
export function createDeparture(control: AbortController, clock: Clock, afterMs: number): Departure {
  const left = { kind: "left" } satisfies Ending;
  let callerLeft = false;
  return {
    get callerLeft() {
      return callerLeft;
    },
    markLeft() {
      if (callerLeft) return;
      callerLeft = true;
      if (afterMs === 0) control.abort(left);
      else void clock.wait(afterMs, control.signal).then(() => control.abort(left));
    },
  };
}
