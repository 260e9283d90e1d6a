// Fine-tuning jobs, events and checkpoints on the wire.
import type { JsonObject } from "../kernel/body.ts";
import { fingerprint } from "../kernel/ids.ts";
import { checkpointsOf, lossAt, modelName, readState, stepsPerEpoch, type TrainingJob } from "./job.ts";
import { hasEnded, trainingMs, type TrainingState } from "./training-clock.ts";
import type { JobError } from "./training-file.ts";

const SERVER_ERROR: JobError = {
  code: "server_error",
  message: "The job failed due to an internal error.",
  param: null,
};

/** The job object in its state now. */
export function toWireJob(job: TrainingJob): JsonObject {
  const state = readState(job);
  const { clock, method } = job;
  const at = (ms: number | undefined) => (ms === undefined ? null : clock.toWire(ms));
  const succeeded = state.status === "succeeded";
  return {
    object: "fine_tuning.job",
    id: job.id,
    model: job.base.snapshotId,
    created_at: clock.toWire(0),
    finished_at: at(state.endedAt),
    fine_tuned_model: succeeded ? modelName(job) : null,
    organization_id: "org-emulated",
    result_files: job.resultFileId === undefined ? [] : [job.resultFileId],
    status: state.status,
    validation_file: job.validationFileId,
    training_file: job.trainingFileId,
    ...(method.type === "supervised" && { hyperparameters: method.hyperparameters }),
    trained_tokens: trainedTokens(job, state),
    // OpenAI sends an empty object for a job without an error.
    error: state.status === "failed" ? errorOf(job) : {},
    user_provided_suffix: job.suffix,
    seed: job.seed,
    estimated_finish: at(state.estimatedEnd),
    integrations: job.integrations,
    metadata: job.metadata,
    usage_metrics: method.type === "reinforcement" ? toUsageMetrics(job, state) : null,
    shared_with_openai: false,
    eval_id: null,
    method: method.wire,
  };
}

/** The events until now, the oldest first. */
export function toWireEvents(job: TrainingJob): JsonObject[] {
  const state = readState(job);
  const { id, trainingFileId } = job;
  const events: JsonObject[] = [];
  const add = (atMs: number, message: string, more: JsonObject = {}) => {
    const event = { object: "fine_tuning.job.event", level: "info", type: "message", data: {}, ...more };
    const eventId = `ftevent-${digits(id, `event ${events.length}`)}`;
    events.push({ ...event, id: eventId, created_at: job.clock.toWire(atMs), message });
  };
  add(0, `Created fine-tuning job: ${id}`);
  add(0, `Validating training file: ${trainingFileId}`);
  if (state.startedAt !== undefined) {
    add(state.startedAt, "Files validated, moving job to queued state");
    add(state.startedAt, "Fine-tuning job started");
  }
  for (const { step } of checkpointsOf(job, state)) {
    const data = { step, train_loss: lossAt(step), total_steps: stepsPerEpoch(job) * job.method.epochs };
    add(timeOfStep(job, state, step), `Step ${step}/${data.total_steps}: training loss=${data.train_loss}`, {
      type: "metrics",
      data,
    });
  }
  for (const { from, to } of job.pauses) {
    add(from, "Job paused");
    if (to !== undefined) add(to, "Job resumed");
  }
  if (state.status === "succeeded") {
    add(state.endedAt ?? 0, `New fine-tuned model created: ${modelName(job)}`);
    add(state.endedAt ?? 0, "The job has successfully completed");
  }
  if (state.status === "failed") add(state.endedAt ?? 0, errorOf(job).message, { level: "error" });
  if (state.status === "cancelled") add(state.endedAt ?? 0, "Job cancelled");
  return events;
}

/** The checkpoints until now, the oldest first. */
export function toWireCheckpoints(job: TrainingJob): JsonObject[] {
  const state = readState(job);
  return checkpointsOf(job, state).map(({ step, model }) => ({
    object: "fine_tuning.job.checkpoint",
    id: `ftckpt_${digits(job.id, `step ${step}`)}`,
    created_at: job.clock.toWire(timeOfStep(job, state, step)),
    fine_tuned_model_checkpoint: model,
    fine_tuning_job_id: job.id,
    metrics: { step, train_loss: lossAt(step) },
    step_number: step,
  }));
}

function trainedTokens(job: TrainingJob, state: TrainingState): number | null {
  const { file, method, script } = job;
  // A reinforcement is billed by time.
  if (!hasEnded(state) || method.type === "reinforcement") return null;
  if (state.status === "succeeded") return file.tokens * method.epochs;
  return script.partial_tokens ? Math.floor(file.tokens * method.epochs * state.progress) : null;
}

/** The form of this field is not documented. It has the seconds that OpenAI bills. */
function toUsageMetrics({ script }: TrainingJob, { progress }: TrainingState): JsonObject {
  return { training_seconds: Math.floor((trainingMs(script) * progress) / 1000) };
}

const errorOf = ({ error }: TrainingJob): JobError => error ?? SERVER_ERROR;

/** Between two steps pass equal times, which the pauses of a job do not change. */
function timeOfStep(job: TrainingJob, { startedAt = 0 }: TrainingState, step: number): number {
  return startedAt + (trainingMs(job.script) * step) / (stepsPerEpoch(job) * job.method.epochs);
}

/** The digits of an id that is always the same. */
function digits(id: string, text: string): string {
  const part = (seed: string) => fingerprint(`${id} ${text} ${seed}`).toString(16).padStart(8, "0");
  return part("a") + part("b") + part("c");
}
