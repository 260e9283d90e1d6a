// Time that moves only when a test says so: the Clock of the stream's stages.

import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../src/core/relay/watchdog.ts";

export interface FakeClock extends Clock {
  /** Moves time on. Every wait on the way returns at its own moment, earliest first, and what it wakes runs before the next. */
  advance(ms: number): Promise<void>;
  /** Runs whatever can run without time passing. */
  idle(): Promise<void>;
  /** How many waits have begun. */
  readonly waits: number;
}

interface Wait {
  at: number;
  wake(): void;
}

/** A clock that stands at `startsAt` (epoch ms). */
export function createFakeClock(startsAt = Date.UTC(2026, 10, 23, 12)): FakeClock {
  let now = startsAt;
  let begun = 0;
  const waits = new Set<Wait>();

  // A wait of nothing returns by itself, after all that needs no time at all.
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
  };
}
