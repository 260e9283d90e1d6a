// The caller's disconnect: cancels the provider at once or after a limited time.

import type { Clock, Ending } from "./watchdog.ts";

export interface Disconnect {
  /** True after the caller disconnected. */
  readonly callerLeft: boolean;
  /** Records the disconnect. Repeated calls have no effect. */
  markLeft: () => void;
}

/**
 * Aborts `control` with an `Ending` when the caller disconnects. `leaveMs` returns how long the provider may still work
 * to report its usage.
 */
export function createDisconnect(control: AbortController, clock: Clock, leaveMs: () => number): Disconnect {
  const left = { kind: "left" } satisfies Ending;
  let callerLeft = false;
  return {
    get callerLeft() {
      return callerLeft;
    },
    markLeft() {
      if (callerLeft) return;
      callerLeft = true;
      const afterMs = leaveMs();
      if (afterMs === 0) control.abort(left);
      else void clock.wait(afterMs, control.signal).then(() => control.abort(left));
    },
  };
}
