// Pauses that end as soon as the caller leaves.

// A timer with a longer delay fires immediately.
const LONGEST_MS = 2 ** 31 - 1;

/** Resolves to true after the pause, or to false as soon as the caller has left. */
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

/** Resolves when the caller leaves. A timer runs meanwhile, because workerd ends a request without pending work. */
export async function waitForever(left: AbortSignal): Promise<void> {
  while (await pause(60_000, left));
}
