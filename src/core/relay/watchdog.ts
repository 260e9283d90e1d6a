// The watchdog: deadlines and keep-alives of an answer, with one timer for all of them.

import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";

/** Injected time. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Calls `run` after `ms`. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Resolves after `ms`, or early when the signal aborts. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * How a request ended.
 * - `finished`: the answer is complete.
 * - `left`: the caller disconnected.
 * - `cancelled`: the caller asked to end the answer.
 * - `failed`: the provider or Weir failed.
 * - `timeout`: one of Weir's deadlines passed while the provider worked.
 * - `blocked`: the gate refused the input or the answer.
 * - `withheld`: the gate or other work beside the answer failed.
 */
export type Ending =
  | { kind: "finished" }
  | { kind: "left" }
  | { kind: "cancelled" }
  | { kind: "failed"; error: ApiError }
  | { kind: "timeout"; error: ApiError }
  | { kind: "blocked"; error: ApiError }
  | { kind: "withheld"; error: ApiError };

/** An ending that is reported to the caller as an error. */
export type Refusal = Extract<Ending, { error: ApiError }>;

export interface Deadlines {
  /** Until the first text. */
  first_byte_ms: number;
  idle_ms: number;
  total_ms: number;
  keep_alive_ms: number;
}

export interface Watchdog {
  /** A read from the provider has started. The idle deadline runs only during a read. */
  readStarted(): void;
  /** The read has returned. */
  readEnded(): void;
  /** The caller waits for a verdict, not for the provider: keep-alives are sent, but no idle deadline runs. */
  verdictAwaited(isAwaited: boolean): void;
  /** The first text has arrived. Until then, all attempts share `first_byte_ms`. */
  answerStarted(): void;
  /** Bytes were written to the caller. */
  bytesSent(): void;
  stop(): void;
}

/** A keep-alive is sent twice: the first write after a disconnect can still succeed, and the second one fails. */
const REPEAT_MS = 250;

/** While the caller waits for nothing, a due keep-alive is checked again after this time. */
const NOT_WAITING_MS = 1000;

/**
 * Aborts `control` with an `Ending` when a deadline passes. Calls `keepAlive` whenever nothing was sent for
 * `keep_alive_ms`, and once more after `REPEAT_MS`. Runs until `stop` or an abort.
 */
export function startWatchdog(
  clock: Clock,
  deadlines: Deadlines,
  control: AbortController,
  keepAlive?: () => void,
): Watchdog {
  const startedAt = clock.now();
  const totalAt = startedAt + deadlines.total_ms;
  let readingSince: number | undefined = startedAt;
  let isVerdictAwaited = false;
  let hasStarted = false;
  let sentAt = startedAt;
  let isRepeatDue = false;
  let stopTimer: (() => void) | undefined;

  const expire = (what: string) => {
    const error = apiError("provider_timeout", `The model ${what}. Please try again.`);
    control.abort({ kind: "timeout", error } satisfies Ending);
  };
  const keepAliveAt = () => sentAt + Math.min(deadlines.keep_alive_ms, isRepeatDue ? REPEAT_MS : Infinity);
  const check = () => {
    if (control.signal.aborted) return;
    const now = clock.now();
    const idleAt = hasStarted ? (readingSince ?? now) + deadlines.idle_ms : startedAt + deadlines.first_byte_ms;
    if (now >= totalAt) return expire("took too long to finish");
    if (now >= idleAt) return expire(hasStarted ? "fell silent" : "took too long to begin");
    const isWaiting = readingSince !== undefined || isVerdictAwaited;
    if (keepAlive && isWaiting && now >= keepAliveAt()) {
      sentAt = now;
      isRepeatDue = !isRepeatDue;
      keepAlive();
    }
    // Reads and writes only delay these times. When the answer starts, the idle deadline is at least `idle_ms` away.
    const aliveAt = isWaiting ? keepAliveAt() : Math.max(keepAliveAt(), now + NOT_WAITING_MS);
    const next = Math.min(totalAt, idleAt, now + deadlines.idle_ms, keepAlive ? aliveAt : Infinity);
    stopTimer = clock.after(next - now, check);
  };
  check();

  return {
    readStarted: () => (readingSince = clock.now()),
    readEnded: () => (readingSince = undefined),
    verdictAwaited: (isAwaited) => (isVerdictAwaited = isAwaited),
    answerStarted: () => (hasStarted = true),
    bytesSent() {
      sentAt = clock.now();
      isRepeatDue = false;
    },
    stop: () => stopTimer?.(),
  };
}
