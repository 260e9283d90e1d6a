// A deadline for work that a signal can end.

/**
 * Returns the result of `work`, whose signal aborts after `ms` with a TimeoutError. Unlike AbortSignal.timeout, it leaves
 * no timer behind: a timer keeps a Durable Object in memory, which is billed.
 */
export async function withDeadline<Result>(
  ms: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const control = new AbortController();
  const expire = () => control.abort(new DOMException("The operation timed out.", "TimeoutError"));
  const timer = setTimeout(expire, ms);
  try {
    return await work(control.signal);
  } finally {
    clearTimeout(timer);
  }
}
