// The runtime's scheduler for tests in Node.

/** For tests whose pauses take their real time, or the fake time of their timers. */
export function provideScheduler(): void {
  Object.assign(globalThis, { scheduler: { wait: (ms: number) => new Promise((done) => setTimeout(done, ms)) } });
}
