// Reads the body that creates a fine-tuning job.
import type { Context } from "hono";
import { findStoredFile, type StoredFile } from "../files-batch/files-store.ts";
import { type JsonObject, readInteger, readObjects, readString, refuseUnknown } from "../kernel/body.ts";
import { findModel, type Model } from "../kernel/catalog.ts";
import { type Env, now } from "../kernel/env.ts";
import { invalidRequest, ProviderError } from "../kernel/errors.ts";
import { createId } from "../kernel/ids.ts";
import { startClock } from "../kernel/job-clock.ts";
import { type CreationScript, readJobScript, readMetadata } from "../kernel/job-creation.ts";
import type { TrainingJob } from "./job.ts";
import { readMethod } from "./method.ts";
import { readTrainingFile } from "./training-file.ts";
import { TRAINING_SCRIPT_RULES, type TrainingScript } from "./training-script.ts";

const PARAMETERS = new Set([
  "hyperparameters",
  "integrations",
  "metadata",
  "method",
  "model",
  "seed",
  "suffix",
  "training_file",
  "validation_file",
]);
const MAX_SUFFIX_LENGTH = 64;
const MAX_SEED = 2_147_483_647;
/** OpenAI takes no new jobs from this day on. */
const END = "2027-01-06";

export interface JobCreation {
  script: CreationScript;
  start(): TrainingJob;
}

/** Validates a body. Throws OpenAI's 400 for its first fault. The job exists once it is started. */
export function readCreation(c: Context<Env>, body: JsonObject): JobCreation {
  refuseUnknown(body, PARAMETERS);
  const moment = now(c.env);
  const base = readBase(readString(body, "model"), moment);
  const metadata = readMetadata(body);
  const script = readJobScript<TrainingScript>(metadata, TRAINING_SCRIPT_RULES);
  if (script.closed || moment.toISOString() >= END) throw closed();
  const method = readMethod(body, base.snapshotId, base.card);
  const training = readFile(body, "training_file", moment);
  const isPresent = (name: string) => (body[name] ?? undefined) !== undefined;
  const validation = isPresent("validation_file") ? readFile(body, "validation_file", moment) : undefined;
  const suffix = isPresent("suffix") ? readString(body, "suffix") : null;
  if (suffix !== null && suffix.length > MAX_SUFFIX_LENGTH) {
    const fault = `string too long. Expected a string with maximum length ${MAX_SUFFIX_LENGTH}`;
    throw invalidRequest(`Invalid 'suffix': ${fault}.`, "suffix", "string_above_max_length");
  }
  const seed = readInteger(body, "seed", MAX_SEED, 0) ?? Math.floor(Math.random() * MAX_SEED);
  const integrations = readObjects(body, "integrations");
  const start = (): TrainingJob => {
    const file = readTrainingFile(training.content, method.type, "training_file");
    const fault = validation && readTrainingFile(validation.content, method.type, "validation_file").error;
    const error = file.error ?? fault;
    return {
      id: createId("ftjob-", 24),
      base,
      method,
      metadata,
      seed,
      suffix,
      integrations,
      trainingFileId: training.id,
      validationFileId: validation?.id ?? null,
      file,
      clock: startClock(moment),
      error,
      script,
      isInvalid: error !== undefined,
      pauses: [],
    };
  };
  return { script, start };
}

function readBase(name: string, moment: Date): Model {
  const unavailable = () =>
    invalidRequest(`Model ${name} is not available for fine-tuning or does not exist.`, "model", "model_not_available");
  try {
    const model = findModel(name, moment);
    if (model.card.endpoints.includes("fine_tuning")) return model;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
  }
  throw unavailable();
}

function readFile(body: JsonObject, param: string, moment: Date): StoredFile {
  const id = readString(body, param);
  const file = findStoredFile(id, moment);
  if (!file) throw invalidRequest(`invalid ${param}: ${id}`, param, "invalid_value");
  if (file.purpose === "fine-tune") return file;
  const message = `File '${id}' has the purpose '${file.purpose}', but ${param} must have the purpose 'fine-tune'.`;
  throw invalidRequest(message, param, "invalid_value");
}

/** OpenAI has not published the words of this error. */
function closed(): ProviderError {
  const message = "Fine-tuning is no longer available for new jobs.";
  return invalidRequest(message, null, "fine_tuning_not_available", 403);
}
