// Checks jobs at their provider and settles those that have ended, once.

import { NO_AMOUNTS } from "../../core/catalog/quota-window.ts";
import type { Catalog, Provider } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { activeCatalog } from "../../core/catalog/store.ts";
import type { Bindings } from "../../core/env.ts";
import { ApiError, InternalError } from "../../core/errors.ts";
import { jobKindOf } from "../../core/feature.ts";
import { statusOf } from "../../core/gateway/provider-error.ts";
import type { JobEnd, JobKind, JobPlace, JobState } from "../../core/jobs/job-kind.ts";
import { toLogged } from "../../core/log.ts";
import { callQuota } from "../../core/quota/client.ts";
import { settleLate } from "../../core/quota/late-settlement.ts";
import { toUsd } from "../../core/quota/limits.ts";
import { loggedUser } from "../../core/quota/name.ts";
import { filesOf } from "./catalog.ts";
import type { FileStore } from "./stored-files.ts";
import type { JobStore, WatchedJob } from "./stored-jobs.ts";

/** The object's environment, lifetime and storage. */
export interface WatchContext {
  env: Bindings;
  waitUntil: (work: Promise<unknown>) => void;
  jobs: JobStore;
  files: FileStore;
}

/** The output of a large batch is read during a check. */
const CHECK_MS = 300_000;

/** The ledger charges at most the reservation. */
const WHOLE_BOUND = { tokens: Number.MAX_SAFE_INTEGER, requests: 1, nanoUsd: Number.MAX_SAFE_INTEGER };

/**
 * Checks a job at its provider. Settles it when it has ended, and stores its state. A job that was not created gives
 * its reservation back, and is removed: then the result is undefined. A repeated check of a settled job has no effect.
 * Throws when the provider or the user's quota fails; the next check comes later.
 */
export async function checkJob(context: WatchContext, key: string): Promise<WatchedJob | undefined> {
  const { env, waitUntil, jobs } = context;
  const job = jobs.byKey(key);
  const now = Date.now();
  if (job?.checkAt === undefined) return job;
  // Until then, its creation may still reach the provider.
  if (job.id === undefined && job.checkAt > now) return job;
  const { catalog } = await activeCatalog(env.CATALOG, now, waitUntil);
  const longestPauseMs = jobKindOf(job.kind)?.longestPauseMs?.(job) ?? Infinity;
  const usualPauseMs = Math.min(longestPauseMs, pauseAfter(job.checks, catalog));
  const next = { ...job, checks: job.checks + 1, checkAt: now + usualPauseMs };
  // Stored first, so that a check that fails does not come again at once.
  jobs.save(next);
  const { kind, provider } = placeOf(catalog, job);
  const place: JobPlace = { env, provider, signal: AbortSignal.timeout(CHECK_MS) };
  const id = job.id ?? (await kind.find(place, job));
  if (id === undefined) {
    await settleLate({ env, catalog, waitUntil, name: job.owner, key, charge: NO_AMOUNTS });
    jobs.remove(key);
    return undefined;
  }
  if (job.id === undefined) await callQuota(env, job.owner, (object) => object.nameJob({ key, id }));
  const { state, end } = await readState(kind, place, job, id);
  for (const { id: fileId, purpose, bytes = 0, filename = fileId } of state?.files ?? []) {
    const createdAt = Math.floor(now / 1000);
    context.files.add({ id: fileId, provider: job.provider, purpose, bytes, filename, createdAt, job: key });
  }
  const checked = { ...next, id, text: state?.text ?? job.text, terms: state?.terms ?? job.terms };
  if (!end) {
    const pauseMs = Math.min(state?.nextCheckMs ?? Infinity, usualPauseMs);
    jobs.save({ ...checked, checkAt: now + pauseMs });
    return checked;
  }
  const { charge, excess = NO_AMOUNTS, models = [] } = end;
  await settleLate({ env, catalog, waitUntil, name: job.owner, key, charge, excess });
  const { checkAt: _, ...settled } = { ...checked, models };
  jobs.save(settled);
  const line = { event: "job_settled", user: loggedUser(job.owner), kind: job.kind, model: job.snapshot };
  console.log(JSON.stringify({ ...line, charged: charge.tokens + excess.tokens, usd: usdOf(end) }));
  return settled;
}

const usdOf = ({ charge, excess = NO_AMOUNTS }: JobEnd) => toUsd(charge.nanoUsd + excess.nanoUsd);

/** An older job is given up when a check fails. Its reservation has expired, and can no longer be corrected. */
const LAST_CHECK_MS = 60 * 86_400_000;

/** Checks all jobs that are due. Never rejects: a job whose check fails stays for the next alarm, for two months. */
export async function checkDueJobs(
  { jobs }: WatchContext,
  check: (job: WatchedJob) => Promise<unknown>,
  now: number,
): Promise<void> {
  for (const job of jobs.unsettled()) {
    if ((job.checkAt ?? Infinity) > now) continue;
    try {
      await check(job);
    } catch (error) {
      const failed = { event: "job_not_checked", user: loggedUser(job.owner), kind: job.kind };
      console.error(JSON.stringify({ ...failed, reason: toLogged(error) }));
      if (job.createdAt + LAST_CHECK_MS < now) jobs.save({ ...job, checkAt: undefined });
    }
  }
}

/** Returns where a job runs. Throws an InternalError when its feature or its provider was removed. */
export function placeOf(
  catalog: Catalog,
  job: Pick<WatchedJob, "kind" | "provider">,
): { kind: JobKind; provider: Provider } {
  const kind = jobKindOf(job.kind);
  const provider = entry(catalog.providers, job.provider);
  if (!kind) throw new InternalError(`no feature has jobs of the kind '${job.kind}'`);
  if (!provider) throw new InternalError(`the catalog has no provider '${job.provider}'`);
  return { kind, provider };
}

/** Reads the state of a job. One that the provider no longer has costs its whole bound: nobody knows what it used. */
async function readState(
  kind: JobKind,
  place: JobPlace,
  job: WatchedJob,
  id: string,
): Promise<{ state?: JobState; end?: JobEnd | undefined }> {
  try {
    const state = await kind.check(place, job, id);
    return { state, end: state.ended };
  } catch (error) {
    if (!(error instanceof ApiError) || statusOf(error) !== 404) throw error;
    return { end: { charge: WHOLE_BOUND } };
  }
}

function pauseAfter(checks: number, catalog: Catalog): number {
  const { poll_ms, max_poll_ms } = filesOf(catalog);
  return Math.min(max_poll_ms, poll_ms * 2 ** Math.min(checks, 20));
}
