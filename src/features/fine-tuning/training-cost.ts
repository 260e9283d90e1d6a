// The cost of an ended job, and what checks have seen of its training. Pure. docs/settlement.md has the same rules.

import type { Amounts } from "../../core/catalog/quota-window.ts";
import { excessOver, leastOf } from "../../core/catalog/quota-window.ts";
import type { JobEnd } from "../../core/jobs/job-kind.ts";
import { costOfUnits } from "../../core/quota/price.ts";
import type { TrainingBound } from "./training-bound.ts";
import { timeCost } from "./training-bound.ts";

/** What settles a job, stored with it. The prices are those of its creation. */
export type TrainingTerms = (TokenTerms | TimeTerms) & { bound: TrainingBound; seen?: Seen };

interface TokenTerms {
  pricedBy: "tokens";
  usdPerMillion: number;
}

interface TimeTerms {
  pricedBy: "time";
  usdPerHour: number;
  /** The job is cancelled after this much training. */
  maxTrainingMs: number;
}

/** What the checks of a job have seen. */
export interface Seen {
  /** The time of the last check (epoch ms). */
  at: number;
  /** The job was training at the last check. */
  isTraining: boolean;
  /** It was training at any check. */
  hasTrained: boolean;
  /** An upper bound of the time that it has trained. */
  trainingMs: number;
}

/** The state of a job at its provider. */
export interface TrainingState {
  status: string;
  trainedTokens: number | undefined;
  /** Epoch ms. */
  finishedAt: number | undefined;
}

const ENDED = new Set(["succeeded", "failed", "cancelled"]);

/** Tests if a job has ended. A paused one has not. */
export const hasEnded = ({ status }: TrainingState): boolean => ENDED.has(status);

/** A cancelled job has not trained if a check saw it at most this long before its end, and it was not training then. */
const FRESH_MS = 60_000;

/** Adds what a check sees at `now` (epoch ms). The time between two checks counts if the job trained at one of them. */
export function observe(before: Seen, state: TrainingState, now: number): Seen {
  const isTraining = state.status === "running";
  const hasTrained = before.hasTrained || isTraining;
  const mayHaveTrained = before.isTraining || isTraining || (hasEnded(state) && state.status !== "failed");
  const elapsedMs = mayHaveTrained ? endOf(state, before, now) - before.at : 0;
  return { at: now, isTraining, hasTrained, trainingMs: before.trainingMs + elapsedMs };
}

/** The end of a job, or `now`. The provider's clock may differ from Weir's: a time before the last check is not used. */
const endOf = ({ finishedAt = 0 }: TrainingState, { at }: Seen, now: number) =>
  finishedAt < at ? now : Math.min(now, finishedAt);

/** Nothing was seen of a job that was created at that time (epoch ms). */
export const nothingSeen = (createdAt: number): Seen => ({
  at: createdAt,
  isTraining: false,
  hasTrained: false,
  trainingMs: 0,
});

/** What was seen before the end of a job, and with it. */
interface Sightings {
  before: Seen;
  seen: Seen;
}

/**
 * Returns the charge of an ended job:
 * - Priced by tokens: the provider's `trained_tokens`. Without them, nothing if it cannot have trained, else the bound.
 * - Priced by time: the time of training.
 */
export function costOfTraining(
  terms: TrainingTerms,
  state: TrainingState,
  sightings: Sightings,
): Pick<JobEnd, "charge" | "excess"> {
  const bound = { ...terms.bound, requests: 1 };
  const cost = { ...costOf(terms, state, sightings), requests: 1 };
  return { charge: leastOf(cost, bound), excess: excessOver(cost, bound) };
}

function costOf(terms: TrainingTerms, state: TrainingState, sightings: Sightings): Omit<Amounts, "requests"> {
  const { seen } = sightings;
  if (terms.pricedBy === "time") {
    return { tokens: 0, nanoUsd: timeCost(Math.ceil(seen.trainingMs / 1000), terms.usdPerHour) };
  }
  const { trainedTokens } = state;
  if (trainedTokens) {
    const prices = { million_training_tokens: terms.usdPerMillion };
    return { tokens: trainedTokens, nanoUsd: costOfUnits({ trainingTokens: trainedTokens }, prices) };
  }
  return cannotHaveTrained(state, sightings) ? { tokens: 0, nanoUsd: 0 } : terms.bound;
}

function cannotHaveTrained(state: TrainingState, { before, seen }: Sightings): boolean {
  if (before.hasTrained || state.status === "succeeded") return false;
  return state.status === "failed" || endOf(state, before, seen.at) - before.at <= FRESH_MS;
}
