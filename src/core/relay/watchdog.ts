// Enforces the deadlines of an answer and sends keep-alives, with one timer; a chunk costs no more than noting the time.

import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";

/** Time as an argument. `wait` also returns, early, when its signal aborts. */
export interface Clock {
  now(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * How a request ended: complete, left by its caller, failed, blocked by moderation, or withheld because moderation could
 * not judge it.
 */
export type Ending =
  | { kind: "finished" }
  | { kind: "left" }
  | { kind: "failed"; error: ApiError }
  | { kind: "blocked"; error: ApiError }
  | { kind: "withheld"; error: ApiError };

/** An ending that the caller is told as an error. */
export type Refusal = Extract<Ending, { error: ApiError }>;

export interface Deadlines {
  first_byte_ms: number;
  idle_ms: number;
  total_ms: number;
  keep_alive_ms: number;
}

export interface Watchdog {
  /** A wait for the provider begins: only from here on does its silence count. */
  waiting(): void;
  /** The provider was heard. */
  heard(): void;
  /** The answer has begun. Until then all attempts share the time to the first byte. */
  begun(): void;
  /** From now on the caller is sent a keep-alive whenever nothing was sent for `keep_alive_ms`. */
  relaying(keepAlive: () => void): void;
  sent(): void;
  stop(): void;
}

/** A timer never sleeps longer than this, since a wait that begins after it was set must be timed too. */
const LONGEST_SLEEP_MS = 1000;

/** Aborts `control` with an `Ending` when the provider is silent or busy for too long. Runs until either is over. */
export function startWatchdog(clock: Clock, deadlines: Deadlines, control: AbortController): Watchdog {
  const startedAt = clock.now();
  const totalAt = startedAt + deadlines.total_ms;
  const stopped = new AbortController();
  let waitingSince: number | undefined = startedAt;
  let hasBegun = false;
  let sentAt = 0;
  let keepAlive: (() => void) | undefined;

  const expire = (what: string) => {
    const error = apiError("provider_timeout", `The model ${what}. Please try again.`);
    control.abort({ kind: "failed", error } satisfies Ending);
  };
  const run = async () => {
    while (!stopped.signal.aborted && !control.signal.aborted) {
      const now = clock.now();
      const silentAt = hasBegun ? (waitingSince ?? Infinity) + deadlines.idle_ms : startedAt + deadlines.first_byte_ms;
      if (now >= totalAt) return expire("took too long to finish");
      if (now >= silentAt) return expire(hasBegun ? "fell silent" : "took too long to begin");
      if (keepAlive && waitingSince !== undefined && now >= sentAt + deadlines.keep_alive_ms) {
        sentAt = now;
        keepAlive();
      }
      const aliveAt = keepAlive && waitingSince !== undefined ? sentAt + deadlines.keep_alive_ms : Infinity;
      const next = Math.min(totalAt, silentAt, aliveAt, now + LONGEST_SLEEP_MS);
      await clock.wait(next - now, stopped.signal);
    }
  };
  void run();

  return {
    waiting: () => (waitingSince = clock.now()),
    heard: () => (waitingSince = undefined),
    begun: () => (hasBegun = true),
    relaying(send) {
      sentAt = clock.now();
      keepAlive = send;
    },
    sent: () => (sentAt = clock.now()),
    stop: () => stopped.abort(),
  };
}
