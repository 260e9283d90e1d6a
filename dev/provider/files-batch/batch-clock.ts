// The state of a batch at a time after its creation. It is pure: the script and the number of lines decide.
import type { BatchScript } from "./batch-script.ts";

const DEFAULT_SECONDS = 4;
const DEFAULT_CANCEL_SECONDS = 1;
/** The parts of a batch's time after which the lines begin to run, and after which all have run. */
const VALIDATED = 0.1;
const WORKED = 0.9;

export type BatchStatus =
  | "validating"
  | "failed"
  | "in_progress"
  | "finalizing"
  | "completed"
  | "expired"
  | "cancelling"
  | "cancelled";

/** Milliseconds after the creation. Absent: it has not happened. */
export type BatchTimes = Partial<Record<Exclude<BatchStatus, "validating">, number>>;

export interface BatchState {
  status: BatchStatus;
  /** The number of lines that have run by now. */
  linesDue: number;
  times: BatchTimes;
}

/** `lineCount` is undefined when the validation fails. `cancelledAt` is the time of the request to cancel. */
export interface BatchPlan {
  lineCount: number | undefined;
  script: BatchScript;
  cancelledAt?: number;
}

const ENDED: ReadonlySet<BatchStatus> = new Set(["failed", "completed", "expired", "cancelled"]);

/** True when the status cannot change any more. */
export const isEnded = (status: BatchStatus): boolean => ENDED.has(status);

/** The state at that time (milliseconds after the creation). */
export function batchStateAt({ lineCount, script, cancelledAt }: BatchPlan, elapsedMs: number): BatchState {
  const totalMs = (script.batch_seconds ?? DEFAULT_SECONDS) * 1000;
  const validatedMs = totalMs * VALIDATED;
  const workedMs = totalMs * WORKED;
  if (lineCount === undefined) {
    const hasFailed = elapsedMs >= validatedMs;
    return hasFailed ? toState("failed", 0, { failed: validatedMs }) : toState("validating", 0, {});
  }
  const linesAt = (time: number) => linesRun(lineCount, (time - validatedMs) / (workedMs - validatedMs));
  const begun = (time: number): BatchTimes => (time >= validatedMs ? { in_progress: validatedMs } : {});
  if (cancelledAt !== undefined && elapsedMs >= cancelledAt) {
    const endMs = cancelledAt + (script.cancel_seconds ?? DEFAULT_CANCEL_SECONDS) * 1000;
    const times = { ...begun(cancelledAt), cancelling: cancelledAt };
    const lines = Math.min(linesAt(cancelledAt), script.expire_after_lines ?? Infinity);
    return elapsedMs < endMs
      ? toState("cancelling", lines, times)
      : toState("cancelled", lines, { ...times, cancelled: endMs });
  }
  if (elapsedMs < validatedMs) return toState("validating", 0, {});
  const times = begun(elapsedMs);
  if (script.expire_after_lines !== undefined) {
    const lines = Math.min(linesAt(elapsedMs), script.expire_after_lines);
    return elapsedMs < totalMs
      ? toState("in_progress", lines, times)
      : toState("expired", lines, { ...times, expired: totalMs });
  }
  const lines = linesAt(elapsedMs);
  if (elapsedMs < workedMs) return toState("in_progress", lines, times);
  const finalizing = { ...times, finalizing: workedMs };
  if (elapsedMs < totalMs) return toState("finalizing", lines, finalizing);
  return toState("completed", lines, { ...finalizing, completed: totalMs });
}

const toState = (status: BatchStatus, linesDue: number, times: BatchTimes): BatchState => ({ status, linesDue, times });

/** The lines run evenly. `part` is NaN for a batch without duration, whose lines have all run. */
function linesRun(lineCount: number, part: number): number {
  if (Number.isNaN(part) || part >= 1) return lineCount;
  return Math.max(0, Math.floor(lineCount * part));
}
