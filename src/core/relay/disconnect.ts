// The caller's disconnect: cancels the provider at once or after a limited time.

import type { Clock, Ending } from "./watchdog.ts";

export interface Disconnect {
  /** True after the caller disconnected. */
  readonly callerLeft: boolean;
  /** Aborts when the caller disconnects. Its reason is the `Ending`. */
  readonly left: AbortSignal;
  /** Records the disconnect. Repeated calls have no effect. */
  markLeft: () => void;
}

/**
 * Aborts `control` with an `Ending` when the caller disconnects. `leaveMs` returns how long the provider may still work
 * to report its usage.
 */
export function createDisconnect(control: AbortController, clock: Clock, leaveMs: () => number): Disconnect {
  const ending = { kind: "left" } satisfies Ending;
  const departure = new AbortController();
  const left = departure.signal;
  return {
    left,
    get callerLeft() {
      return left.aborted;
    },
    markLeft() {
      if (left.aborted) return;
      departure.abort(ending);
      const afterMs = leaveMs();
      if (afterMs === 0) control.abort(ending);
      else void clock.wait(afterMs, control.signal).then(() => control.abort(ending));
    },
  };
}
