// Retries and fallbacks, only before the response has started.

import { ApiError, InternalError } from "../errors.ts";

/** A provider who says that it can be asked again this soon is waited for, once. */
const LONGEST_PAUSE_MS = 2000;

/**
 * Asks the candidates in turn until one answers, with the number of the attempt. An error that is the provider's leads to
 * the next one, unless `isFinal`; what the last one throws is thrown.
 */
export async function tryInTurn<Candidate, Answer>(
  candidates: Candidate[],
  ask: (candidate: Candidate, attempt: number) => Promise<Answer>,
  { isFinal, pause }: { isFinal: () => boolean; pause: (ms: number) => Promise<void> },
): Promise<Answer> {
  const left = [...candidates];
  let retried = false;
  for (let attempt = 1; ; attempt++) {
    const [candidate] = left;
    if (!candidate) throw new InternalError("no candidate");
    try {
      return await ask(candidate, attempt);
    } catch (error) {
      if (isFinal() || !isProviders(error)) throw error;
      const pauseMs = error.retryAfterMs ?? Infinity;
      if (!retried && pauseMs <= LONGEST_PAUSE_MS) {
        retried = true;
        await pause(pauseMs);
      } else if (left.length > 1) {
        retried = false;
        left.shift();
      } else throw error;
    }
  }
}

/** Whether another provider, or the same one later, could do better. */
function isProviders(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status >= 500 || error.body.code === "model_not_found");
}
