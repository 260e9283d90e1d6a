// A fine-tuning job: what its creation fixes, and its state at the time of a request.
import { storeFile } from "../files-batch/files-store.ts";
import { toContent } from "../files-batch/content.ts";
import type { JsonObject } from "../kernel/body.ts";
import type { Model } from "../kernel/catalog.ts";
import type { JobClock } from "../kernel/job-clock.ts";
import type { Metadata } from "../kernel/job-creation.ts";
import { keepNewest } from "../kernel/newest.ts";
import type { Method } from "./method.ts";
import { type TrainingPlan, type TrainingState, trainingStateAt } from "./training-clock.ts";
import type { JobError, TrainingFile } from "./training-file.ts";

const MAX_JOBS = 200;

export interface TrainingJob extends TrainingPlan {
  id: string;
  base: Model;
  method: Method;
  metadata: Metadata | null;
  seed: number;
  suffix: string | null;
  integrations: JsonObject[];
  trainingFileId: string;
  validationFileId: string | null;
  file: TrainingFile;
  clock: JobClock;
  /** The error of a file that is not valid. */
  error: JobError | undefined;
  /** Written when the job has succeeded. */
  resultFileId?: string;
}

const jobs = new Map<string, TrainingJob>();

/** Stores a job, and deletes the oldest when there are too many. */
export function storeJob(job: TrainingJob): void {
  keepNewest(jobs, job, MAX_JOBS);
}

export const findJob = (id: string): TrainingJob | undefined => jobs.get(id);

/** All jobs, the oldest first. */
export const listJobs = (): TrainingJob[] => [...jobs.values()];

/** The state now. Writes the results of a job that has succeeded. */
export function readState(job: TrainingJob): TrainingState {
  const state = trainingStateAt(job, job.clock.elapsed());
  if (state.status === "succeeded") job.resultFileId ??= writeResults(job, state);
  return state;
}

/** The steps of an epoch. */
export const stepsPerEpoch = ({ file, method }: TrainingJob): number =>
  Math.max(1, Math.ceil(file.examples / Number(method.hyperparameters["batch_size"])));

/** The name of the trained model: base, organisation, suffix, id. */
export const modelName = ({ base, suffix, id }: TrainingJob): string =>
  `ft:${base.snapshotId}:emulated:${suffix ?? ""}:${id.slice(-8)}`;

/** The epochs that are complete, with the step at their end and the name of the model at that step. */
export function checkpointsOf(job: TrainingJob, { progress }: TrainingState) {
  const steps = stepsPerEpoch(job);
  return Array.from({ length: Math.floor(job.method.epochs * progress) }, (_, index) => {
    const step = steps * (index + 1);
    const isLast = index + 1 === job.method.epochs;
    return { epoch: index + 1, step, model: isLast ? modelName(job) : `${modelName(job)}:ckpt-step-${step}` };
  });
}

/** An invented loss, which falls with the steps. */
export const lossAt = (step: number): number => Number((2 / Math.sqrt(step)).toFixed(4));

function writeResults(job: TrainingJob, state: TrainingState): string {
  const rows = checkpointsOf(job, state).map(({ step }) => `${step},${lossAt(step)},,`);
  const createdAt = job.clock.toWire(state.endedAt ?? 0);
  const content = toContent(["step,train_loss,train_accuracy,valid_loss", ...rows, ""].join("\n"));
  const file = { filename: "step_metrics.csv", purpose: "fine-tune-results", createdAt, expiresAt: undefined, content };
  return storeFile(file).id;
}
