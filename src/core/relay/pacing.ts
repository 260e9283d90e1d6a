// Pacing: how long the pump pauses between a write and the next read, so that one read returns several chunks. Pure.

export interface Pacing {
  /** Returns the next pause, in ms. */
  pauseMs(): number;
  /** A read has returned after `tookMs`. */
  readTook(tookMs: number): void;
}

/** A read that takes less was not a wait for the provider. */
const QUICK_MS = 3;
/** After this many quick reads in a row, the answer arrives faster than anybody reads it. */
const QUICK_READS = 4;
const QUICK_PAUSE_MS = 8;

/** Pauses 8 ms after four quick reads in a row, and until a read is not quick. Otherwise there is no pause. */
export function paceAtOnce(): Pacing {
  let quickReads = 0;
  return {
    pauseMs: () => (quickReads < QUICK_READS ? 0 : QUICK_PAUSE_MS),
    readTook: (tookMs) => (quickReads = tookMs < QUICK_MS ? quickReads + 1 : 0),
  };
}

/** Never pauses. */
export const PACE_BULK: Pacing = { pauseMs: () => 0, readTook: () => undefined };

/** The longest pause, unless the first one is longer: text that grows five times a second still looks fluent. */
const MAX_PAUSE_MS = 200;

/** The first pause is `coalesceMs`. Each later one is twice as long, up to 200 ms. */
export function paceCoalesced(coalesceMs: number): Pacing {
  let nextMs = coalesceMs;
  return {
    pauseMs() {
      const pauseMs = nextMs;
      nextMs = Math.max(pauseMs, Math.min(2 * pauseMs, MAX_PAUSE_MS));
      return pauseMs;
    },
    readTook: () => undefined,
  };
}
