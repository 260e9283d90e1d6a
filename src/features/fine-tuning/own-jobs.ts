// Access to fine-tuning jobs, restricted to their owner. Each call to the provider counts a request.

import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { spendRequests } from "../../core/quota/spend.ts";
import { callJobs } from "../files-batch/client.ts";
import { toUserText } from "../files-batch/job-stamp.ts";
import { valueOf } from "../files-batch/reply.ts";
import type { JobPage, WatchedJob } from "../files-batch/stored-jobs.ts";
import { placeOf } from "../files-batch/watch.ts";
import type { TuningAction, TuningList } from "./provider-jobs.ts";
import { actOnTuningJob, getTuningList, isTuningJobId } from "./provider-jobs.ts";
import { tuningKind } from "./tuning-kind.ts";

const TIMEOUT_MS = 30_000;
/** Longest id echoed in an error. */
const MAX_SHOWN_ID = 100;

/** Returns the caller's job as JSON text. Settles it when it has ended. Throws 404 `not_found`. */
export async function getOwnJob(caller: Caller, id: string): Promise<string> {
  // This call also rejects blocked users and revoked tokens.
  await spendRequests(caller, 1);
  return textOf(await checkOwnJob(caller, id));
}

/**
 * Takes an action on the caller's job, and returns the job. It is checked before, because the charge depends on its
 * state then, and after, to settle it. Throws 404 `not_found`, and what the provider answers.
 */
export async function actOnOwnJob(caller: Caller, id: string, action: TuningAction): Promise<string> {
  await spendRequests(caller, 3);
  const job = await checkOwnJob(caller, id);
  const acted = await actOnTuningJob(placeFor(caller, job), id, action);
  const checked = await checkOwnJob(caller, id).catch(() => undefined);
  return checked?.text ?? toUserText(acted);
}

/** Returns one page of a list of the caller's job, as the provider's JSON text. Throws 404 `not_found`. */
export async function getOwnList(
  caller: Caller,
  id: string,
  list: TuningList,
  query: URLSearchParams,
): Promise<string> {
  await spendRequests(caller, 1);
  const job = isTuningJobId(id) ? await callJobs(caller, (jobs) => jobs.getJob(tuningKind.name, id)) : undefined;
  return getTuningList(placeFor(caller, job ?? missing(id)), id, list, query.toString());
}

/** Returns one page of the caller's jobs as JSON text, checked, the newest first. */
export async function listOwnJobs(caller: Caller, page: Omit<JobPage, "kind">): Promise<string> {
  await spendRequests(caller, 1);
  const { jobs, hasMore } = await callJobs(caller, (object) => object.listJobs({ kind: tuningKind.name, ...page }));
  return `{"object":"list","data":[${jobs.map(textOf).join()}],"has_more":${hasMore}}`;
}

async function checkOwnJob(caller: Caller, id: string): Promise<WatchedJob> {
  const checked = isTuningJobId(id)
    ? valueOf(await callJobs(caller, (jobs) => jobs.checkJob(tuningKind.name, id)))
    : undefined;
  return checked ?? missing(id);
}

function missing(id: string): never {
  throw apiError("not_found", `You have no fine-tuning job '${id.slice(0, MAX_SHOWN_ID)}'.`);
}

const textOf = ({ text = "{}" }: WatchedJob) => text;

const placeFor = ({ env, catalog }: Caller, job: WatchedJob) => ({
  env,
  provider: placeOf(catalog, job).provider,
  signal: AbortSignal.timeout(TIMEOUT_MS),
});
