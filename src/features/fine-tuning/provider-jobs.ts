// Requests to the provider's fine-tuning routes, and its description of a job.

import * as v from "valibot";
import type { Provider } from "../../core/catalog/schema.ts";
import type { Bindings } from "../../core/env.ts";
import { apiError } from "../../core/errors.ts";
import { callProvider, readText } from "../../core/gateway/provider.ts";
import type { Job, JobPlace } from "../../core/jobs/job-kind.ts";
import { hasJobStamp } from "../files-batch/job-stamp.ts";

const PATH = "/fine_tuning/jobs";

/** The pattern of ids, because an id becomes part of a URL. */
const JOB_ID = /^ftjob-[\w-]{1,200}$/;

/** Tests if a text can be the id of a fine-tuning job. */
export const isTuningJobId = (id: string): boolean => JOB_ID.test(id);

const Count = v.fallback(v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0))), null);

/** A job as the provider describes it. Users get the other fields as they are. */
const TuningJob = v.looseObject({
  id: v.pipe(v.string(), v.check(isTuningJobId)),
  status: v.string(),
  created_at: v.number(),
  finished_at: Count,
  trained_tokens: Count,
  fine_tuned_model: v.fallback(v.nullish(v.string()), null),
  result_files: v.fallback(v.array(v.string()), []),
});

export type TuningJob = v.InferOutput<typeof TuningJob>;

const JobText = v.pipe(v.string(), v.parseJson(), TuningJob);
const ListText = v.pipe(v.string(), v.parseJson(), v.object({ data: v.array(v.unknown()) }));

/** Reads the description of a job. Throws `provider_error` when it is not valid. */
export function readTuningJob(text: string): TuningJob {
  const job = v.safeParse(JobText, text);
  if (job.success) return job.output;
  throw apiError("provider_error", "The provider did not describe the job. Please try again.");
}

/** Where a request goes, and until when. */
type Place = Pick<JobPlace, "signal"> & { env: Bindings; provider: Provider };

/** Gets a job. Throws an ApiError. */
export async function getTuningJob(place: Place, id: string): Promise<TuningJob> {
  return readTuningJob(await request(place, `${PATH}/${id}`));
}

/** An action on a job. */
export type TuningAction = "cancel" | "pause" | "resume";

/** Takes an action on a job, and returns the job. Throws an ApiError. */
export async function actOnTuningJob(place: Place, id: string, action: TuningAction): Promise<TuningJob> {
  return readTuningJob(await request(place, `${PATH}/${id}/${action}`, "POST"));
}

/** A list of a job. */
export type TuningList = "events" | "checkpoints";

/** Gets one page of a list as JSON text. Throws an ApiError. */
export const getTuningList = (place: Place, id: string, list: TuningList, query: string): Promise<string> =>
  request(place, `${PATH}/${id}/${list}?${query}`);

const Checkpoint = v.object({ id: v.string(), fine_tuned_model_checkpoint: v.string() });
const CheckpointList = v.pipe(v.string(), v.parseJson(), v.object({ data: v.array(Checkpoint) }));

/** Returns the models of a job's checkpoints. OpenAI keeps three. Throws an ApiError. */
export async function checkpointModels(place: Place, id: string): Promise<string[]> {
  const list = v.safeParse(CheckpointList, await getTuningList(place, id, "checkpoints", "limit=100"));
  if (!list.success) throw apiError("provider_error", "The provider did not list the checkpoints.");
  return list.output.data.map(({ fine_tuned_model_checkpoint: model }) => model);
}

/** The clocks of Weir and of the provider may differ by this. */
const CLOCK_SKEW_S = 300;
const PAGE_SIZE = 100;
const MAX_PAGES = 20;

/**
 * Finds the job with the stamp of a reservation, among the jobs of the provider's account. Throws an ApiError, also
 * when there are too many to look at all of them.
 */
export async function findTuningJob(
  place: Place,
  { key, createdAt }: Pick<Job, "key" | "createdAt">,
): Promise<string | undefined> {
  let after = "";
  for (let page = 0; page < MAX_PAGES; page++) {
    // Servers may ignore the filter, so the stamp of each job is read.
    const query = `limit=${PAGE_SIZE}&metadata%5Bweir_job%5D=${key}${after}`;
    const list = v.safeParse(ListText, await request(place, `${PATH}?${query}`));
    if (!list.success) break;
    const found = list.output.data.find((job) => hasJobStamp(job, key));
    const last = list.output.data.at(-1);
    if (!v.is(TuningJob, last)) {
      if (last === undefined) return undefined;
      break;
    }
    if (v.is(TuningJob, found)) return found.id;
    if (last.created_at < createdAt / 1000 - CLOCK_SKEW_S) return undefined;
    after = `&after=${last.id}`;
  }
  throw apiError("provider_error", "The provider did not list its fine-tuning jobs.");
}

async function request(
  { env, provider, signal }: Place,
  path: string,
  method: "GET" | "POST" = "GET",
): Promise<string> {
  return readText(await callProvider(env, provider, { path, method }, signal));
}
