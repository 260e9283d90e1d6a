// Retries and fallbacks, only before the response has started.

import { ApiError, InternalError } from "../errors.ts";

/** A longer `retry-after` leads to the next candidate instead of a retry. */
const MAX_PAUSE_MS = 2000;

interface TryOptions {
  isFinal: () => boolean;
  /** Waits before a retry of the same candidate. Undefined when the caller's client retries by itself. */
  pause: ((ms: number) => Promise<void>) | undefined;
}

/**
 * Tries the candidates in order until one answers; attempts count from 1. After a provider error it retries once if
 * `retry-after` is at most 2 s. Otherwise it falls back to the next candidate. Throws the error when `isFinal`, when it
 * is not a provider error, or when no candidate is left.
 */
export async function tryCandidates<Candidate, Answer>(
  candidates: Candidate[],
  attemptOnce: (candidate: Candidate, attempt: number) => Promise<Answer>,
  { isFinal, pause }: TryOptions,
): Promise<Answer> {
  const remaining = [...candidates];
  let retried = false;
  for (let attempt = 1; ; attempt++) {
    const [candidate] = remaining;
    if (!candidate) throw new InternalError("no candidate to try: pass at least one");
    try {
      return await attemptOnce(candidate, attempt);
    } catch (error) {
      if (isFinal() || !isProviderError(error)) throw error;
      const pauseMs = error.retryAfterMs ?? Infinity;
      if (pause && !retried && pauseMs <= MAX_PAUSE_MS) {
        retried = true;
        await pause(pauseMs);
      } else if (remaining.length > 1) {
        retried = false;
        remaining.shift();
      } else throw error;
    }
  }
}

/** Errors that a retry or another provider can fix. */
function isProviderError(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status >= 500 || error.body.code === "model_not_found");
}
