// A caller who leaves before the answer has ended: the provider is cancelled, or finishes unheard for a while.

import type { Clock, Ending } from "./watchdog.ts";

export interface Departure {
  /** Whether the caller has left. */
  readonly gone: boolean;
  /** Notes that the caller has left; more than once is the same as once. */
  leave: () => void;
}

/** What has arrived when a call is ended is read within this. */
const LAST_READ_MS = 10;

/** Calls `cancel` a moment after `ended` has aborted, so that what has arrived can be metered before it is gone. */
export function afterLastRead(ended: AbortSignal, clock: Clock, cancel: () => void): void {
  const wait = () => void clock.wait(LAST_READ_MS, new AbortController().signal).then(cancel);
  ended.addEventListener("abort", wait, { once: true });
}

/** Aborts `control` with an `Ending` when the caller leaves, or `afterMs` later, so that the usage can still arrive. */
export function createDeparture(control: AbortController, clock: Clock, afterMs: number): Departure {
  const left = { kind: "left" } satisfies Ending;
  let gone = false;
  return {
    get gone() {
      return gone;
    },
    leave() {
      if (gone) return;
      gone = true;
      if (afterMs === 0) control.abort(left);
      else void clock.wait(afterMs, control.signal).then(() => control.abort(left));
    },
  };
}
