// A random plan of rounds and runs, the same for the same seed. A kill ends each round.

import * as fc from "fast-check";

/**
 * What a phone does. After a cut it `resumes` the run, `repeats` its POST, or `polls` for JSON. One that `leaves` cuts
 * its connection itself and comes back later. One that `abandons` its run never comes back. One that `cancels` sends
 * DELETE.
 */
export type Behaviour = "resumes" | "repeats" | "polls" | "leaves" | "cancels" | "abandons";

export interface PlannedRun {
  user: string;
  /** The index of its round. */
  round: number;
  /** The time from the start of the run to the kill that ends its round. */
  beforeKillMs: number;
  behaviour: Behaviour;
  /** The time from the start of the run until its phone leaves or cancels, and then until it comes back. */
  actsAfterMs: number;
  /** The time to the start of the answer, and between two of its tokens. */
  firstMs: number;
  delayMs: number;
  sentences: number;
}

export interface PlanSize {
  runs: number;
  kills: number;
  users: number;
  behaviours: Behaviour[];
}

export interface Plan {
  /** How long Weir runs in each round. */
  uptimesMs: number[];
  runs: PlannedRun[];
}

/** Half of the runs start so late that the kill interrupts their first steps. */
const LATE_MS = 15;

const upTo = (max: number) => fc.integer({ min: 0, max });

export function createPlan(seed: number, { runs, kills, users, behaviours }: PlanSize): Plan {
  const uptimesMs = fc.sample(fc.integer({ min: 300, max: 1000 }), { seed, numRuns: kills });
  const arbitrary = fc.record({
    user: upTo(users - 1).map((number) => `user-${number}`),
    isLate: fc.boolean(),
    /** 1 at the start of the round, 0 at its end. */
    earliness: fc.double({ min: 0, max: 1, noNaN: true }),
    behaviour: fc.constantFrom(...behaviours),
    actsAfterMs: upTo(600),
    firstMs: fc.oneof(fc.constant(0), upTo(100)),
    delayMs: fc.integer({ min: 2, max: 16 }),
    sentences: fc.integer({ min: 1, max: 3 }),
  });
  return {
    uptimesMs,
    runs: fc.sample(arbitrary, { seed, numRuns: runs }).map((run, index) => {
      const round = index % kills;
      const earliestMs = run.isLate ? LATE_MS : (uptimesMs[round] ?? 0);
      return Object.assign(run, { round, beforeKillMs: run.earliness * earliestMs });
    }),
  };
}
