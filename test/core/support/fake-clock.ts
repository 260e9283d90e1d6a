// A clock that moves only when a test advances it.

import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../src/core/relay/watchdog.ts";

export interface FakeClock extends Clock {
  /** Advances the time. Waits end at their own time, in order, and the code after each runs before the next. */
  advance(ms: number): Promise<void>;
  /** Runs everything that needs no time to pass. */
  idle(): Promise<void>;
  /** The number of waits so far. */
  readonly waits: number;
  /** The number of waits that have neither ended nor been stopped. */
  readonly pending: number;
}

interface Wait {
  at: number;
  wake(): void;
}

/** A clock that starts at `startsAt` (epoch ms). */
export function createFakeClock(startsAt = Date.UTC(2026, 10, 23, 12)): FakeClock {
  let now = startsAt;
  let begun = 0;
  const waits = new Set<Wait>();

  // A wait of 0 ms ends after everything that needs no wait.
  const wakeDue = () => {
    const due = [...waits].filter(({ at }) => at <= now);
    for (const wait of due) wait.wake();
    return due.length > 0;
  };
  const idle = async () => {
    do await turn();
    while (wakeDue());
    await turn();
  };

  return {
    now: () => now,
    after(ms, run) {
      begun += 1;
      const wait: Wait = {
        at: now + Math.max(0, ms),
        wake() {
          waits.delete(wait);
          run();
        },
      };
      waits.add(wait);
      return () => void waits.delete(wait);
    },
    wait(ms, signal) {
      begun += 1;
      return new Promise((resolve) => {
        const wait: Wait = {
          at: now + Math.max(0, ms),
          wake() {
            waits.delete(wait);
            resolve();
          },
        };
        if (signal.aborted) return resolve();
        waits.add(wait);
        signal.addEventListener("abort", () => wait.wake(), { once: true });
      });
    },
    async advance(ms) {
      const until = now + ms;
      await idle();
      for (;;) {
        const next = Math.min(...[...waits].map(({ at }) => at));
        if (next > until) break;
        now = Math.max(now, next);
        await idle();
      }
      now = until;
      await idle();
    },
    idle,
    get waits() {
      return begun;
    },
    get pending() {
      return waits.size;
    },
  };
}
