// POST /v1/fine_tuning/jobs: checks the request, bounds its cost and creates the job.

import { chooseModel, sunsetHeaders } from "../../core/catalog/choose.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import { findSnapshot, toDay } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import type { Need } from "../../core/catalog/support.ts";
import { requireSupport } from "../../core/catalog/support.ts";
import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { isOwnModel } from "../../core/gateway/own-models.ts";
import { createJob } from "../files-batch/create-job.ts";
import { toUserText } from "../files-batch/job-stamp.ts";
import { findStoredFiles } from "../files-batch/own-files.ts";
import type { StoredFile } from "../files-batch/stored-files.ts";
import type { FineTuning } from "./catalog.ts";
import { fineTuningOf } from "./catalog.ts";
import { readTuningJob } from "./provider-jobs.ts";
import type { TuningRequest } from "./request.ts";
import { methodOf } from "./request.ts";
import { examplesOf } from "./training-bound.ts";
import { prepareTraining } from "./training-plan.ts";
import { tuningKind } from "./tuning-kind.ts";

const DAY_MS = 86_400_000;

/** A job that trains longer is charged in full. The charge is corrected if it ends within 14 more days. */
const LEASE_MS = 14 * DAY_MS;

/** Creates a job and answers with the provider's object. Throws 404 `endpoint_retired` after the end of new jobs. */
export async function createTuningJob(caller: Caller, request: TuningRequest): Promise<Response> {
  const { catalog } = caller;
  const now = Date.now();
  const model = trainedModel(catalog, request.model, now);
  const facts = factsOf(model);
  const endHeaders = requireOpen(facts, now);
  const method = methodOf(request);
  const toTraining = prepareTraining(request, method, model, facts);
  const files = await trainingFiles(caller, request);
  const training = toTraining(files.map(({ file, param }) => examplesOf(file, method, model.card, param)));
  const { metadata, hyperparameters: _, integrations: __, ...fields } = request;
  return createJob(caller, {
    kind: tuningKind.name,
    endpoint: "fine_tuning",
    model,
    needs: NEEDS,
    inputs: files.map(({ file }) => file.id),
    param: "training_file",
    total: training.terms.bound,
    terms: training.terms,
    leaseMs: LEASE_MS,
    body: { ...fields, model: model.snapshot, method: training.method },
    metadata: metadata ?? {},
    headers: { ...endHeaders, ...training.headers },
    read(text) {
      const job = readTuningJob(text);
      return { id: job.id, text: toUserText(job) };
    },
  });
}

const NEEDS: Need[] = [{ kind: "endpoint", endpoint: "fine_tuning", param: "model" }];

/** Finds the snapshot of a name: its own, or that of a card. Throws 400 for a model that cannot be trained, and 404. */
function trainedModel(catalog: Catalog, name: string, now: number): Model {
  if (isOwnModel(name)) {
    const message = "A fine-tuned model cannot be trained again here. Name its base model.";
    throw apiError("unsupported_value", message, { param: "model" });
  }
  const { model } = chooseModel(catalog, name, now);
  requireSupport(catalog, model, NEEDS, now);
  if (model.id !== name && findSnapshot(catalog, name) === undefined) {
    const message = `'${name}' is an alias. Name the snapshot '${model.snapshot}'.`;
    throw apiError("unsupported_value", message, { param: "model" });
  }
  return chooseModel(catalog, model.snapshot, now).model;
}

function factsOf({ id, card }: Model): FineTuning {
  const facts = fineTuningOf(card);
  if (facts) return facts;
  const message = `The cost of training '${id}' is not known. Operators state it in the catalog: cards.${id}.fine_tuning.`;
  throw apiError("unsupported_value", message, { param: "model" });
}

/** Returns the headers that tell the end of new jobs. Throws 404 `endpoint_retired` from that day on. */
function requireOpen({ new_jobs_end: date }: FineTuning, now: number): Record<string, string> {
  if (date === undefined) return {};
  const headers = sunsetHeaders({ date, deprecated: undefined });
  if (toDay(now) < date) return headers;
  const message = `The provider takes no new fine-tuning jobs since ${date}. Models that are trained can still be called.`;
  throw apiError("endpoint_retired", message, { headers });
}

/** Returns the training file and the validation file, with the fields that name them. Throws 404 `not_found`. */
async function trainingFiles(
  caller: Caller,
  { training_file: training, validation_file: validation }: TuningRequest,
): Promise<{ file: StoredFile; param: string }[]> {
  const find = async (id: string, param: string) =>
    (await findStoredFiles(caller, [id], param)).map((file) => ({ file, param }));
  return [...(await find(training, "training_file")), ...(validation ? await find(validation, "validation_file") : [])];
}
