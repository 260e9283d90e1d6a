// Calls of Durable Objects, with retries of the errors that the runtime marks as retryable.

/** Pauses between attempts, in ms. Random jitter shortens each by up to a half. */
const RETRY_AFTER_MS = [25, 100, 400];

/**
 * Calls an object, and up to three times more after retryable errors. Each call must get a new stub and be idempotent.
 * An overloaded object is not called again. Throws the last error.
 */
export async function callObject<Result>(call: () => Result): Promise<Awaited<Result>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (cause) {
      const pauseMs = RETRY_AFTER_MS[attempt];
      if (pauseMs === undefined || !isRetryable(cause)) throw cause;
      await scheduler.wait(pauseMs * (1 - Math.random() / 2));
    }
  }
}

function isRetryable(error: unknown): boolean {
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
  return retryable === true && overloaded !== true;
}
