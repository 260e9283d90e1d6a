// The clock of a job. Nothing runs meanwhile: the time of each request decides the state.

export interface JobClock {
  /** Milliseconds since the creation. */
  elapsed(): number;
  /** The wire time (epoch seconds) of that many milliseconds after the creation. */
  toWire(elapsedMs: number): number;
}

/** Starts a clock at that moment of the emulation. */
export function startClock(moment: Date): JobClock {
  const startedAt = Date.now();
  return {
    elapsed: () => Date.now() - startedAt,
    toWire: (elapsedMs) => Math.floor((moment.getTime() + elapsedMs) / 1000),
  };
}
