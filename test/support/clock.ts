// Moves the clock of a test.

import { vi } from "vitest";

/** Later than any lease lasts (ms). */
export const AFTER_LEASE_MS = 691_000;

/** Moves all dates on, and stops them there. Timers and alarms do not move. `vi.useRealTimers()` undoes it. */
export function passTime(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}
