// The state of a training at a time after its creation. It is pure: the script, the pauses and the file decide.
import type { TrainingScript } from "./training-script.ts";

const DEFAULT_SECONDS = 6;
/** The parts of a job's time after which its files are valid, and after which the training runs. */
const VALIDATED = 0.1;
const QUEUED = 0.2;
/** The part of the training after which a scripted failure comes. */
const FAILS_AT = 0.5;

type TrainingStatus = "validating_files" | "queued" | "running" | "paused" | "succeeded" | "failed" | "cancelled";

/** All times are milliseconds after the creation. */
export interface TrainingPlan {
  script: TrainingScript;
  /** The validation finds a fault in the file. */
  isInvalid: boolean;
  /** The last pause has no end while the job is paused. */
  pauses: { from: number; to?: number }[];
  cancelledAt?: number;
}

export interface TrainingState {
  status: TrainingStatus;
  /** The part of the training that is done, from 0 to 1. */
  progress: number;
  /** The time when the training began; undefined before it. */
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** The time when the job will succeed. Undefined while it does not run. */
  estimatedEnd: number | undefined;
}

const ENDED: ReadonlySet<TrainingStatus> = new Set(["succeeded", "failed", "cancelled"]);

/** True when the status cannot change any more. */
export const hasEnded = ({ status }: TrainingState): boolean => ENDED.has(status);

/** The milliseconds of training in a whole job. */
export const trainingMs = ({ job_seconds: seconds = DEFAULT_SECONDS }: TrainingScript): number =>
  seconds * 1000 * (1 - QUEUED);

/** The state at that time. The clock of the training stands while it is paused. */
export function trainingStateAt(plan: TrainingPlan, elapsedMs: number): TrainingState {
  const { script, cancelledAt = Infinity } = plan;
  const now = Math.min(elapsedMs, cancelledAt);
  const totalMs = (script.job_seconds ?? DEFAULT_SECONDS) * 1000;
  const [validatedMs, startMs] = [totalMs * VALIDATED, totalMs * QUEUED];
  const active = now - pausedMs(plan, now);
  const progressAt = (time: number) =>
    totalMs === 0 ? 1 : Math.min(1, Math.max(0, time - startMs) / (totalMs - startMs));
  const startedAt = active >= startMs ? startMs : undefined;
  const toState = (status: TrainingStatus, endedAt?: number, estimatedEnd?: number, progress = progressAt(active)) => ({
    status,
    progress,
    startedAt,
    endedAt,
    estimatedEnd,
  });
  const breaksOff = script.job_fails === "before training" || plan.isInvalid;
  if (breaksOff && active >= validatedMs) return toState("failed", validatedMs, undefined, 0);
  const failsMs = startMs + (totalMs - startMs) * FAILS_AT;
  if (script.job_fails === "while training" && active >= failsMs) {
    return toState("failed", wallTime(plan, failsMs), undefined, FAILS_AT);
  }
  if (active >= totalMs) return toState("succeeded", wallTime(plan, totalMs));
  if (elapsedMs >= cancelledAt) return toState("cancelled", cancelledAt);
  if (active < validatedMs) return toState("validating_files");
  if (active < startMs) return toState("queued");
  const isPaused = plan.pauses.at(-1)?.to === undefined && plan.pauses.length > 0;
  return isPaused ? toState("paused") : toState("running", undefined, wallTime(plan, totalMs));
}

/** The time of pauses until then. */
function pausedMs({ pauses }: TrainingPlan, time: number): number {
  return pauses.reduce((sum, { from, to = Infinity }) => sum + Math.max(0, Math.min(to, time) - from), 0);
}

/** The time when the clock of the training reaches `active`. */
function wallTime({ pauses }: TrainingPlan, active: number): number {
  return pauses.reduce((time, { from, to }) => (to !== undefined && from <= time ? time + to - from : time), active);
}
