// Waiting, in a way that a caller who leaves ends at once.

// Timers beyond this many milliseconds fire immediately.
const LONGEST_MS = 2 ** 31 - 1;

/** Waits that long and answers true, or answers false as soon as the caller has left. */
export function pause(milliseconds: number, left: AbortSignal): Promise<boolean> {
  if (left.aborted) return Promise.resolve(false);
  if (milliseconds <= 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const leave = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(
      () => {
        left.removeEventListener("abort", leave);
        resolve(true);
      },
      Math.min(milliseconds, LONGEST_MS),
    );
    left.addEventListener("abort", leave, { once: true });
  });
}

/** Ends when the caller leaves. A timer keeps running meanwhile, because workerd ends requests that wait for nothing. */
export async function waitForever(left: AbortSignal): Promise<void> {
  while (await pause(60_000, left));
}
