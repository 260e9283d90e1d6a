// The creation of a job: stored first, then reserved and sent to the provider, then confirmed.
// A crash in between leaves a stored job, which the alarm finds at the provider or gives back.

import type { Endpoint } from "../../core/catalog/endpoints.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Plan } from "../../core/catalog/schema.ts";
import type { Need } from "../../core/catalog/support.ts";
import { toApiError, withHeaders } from "../../core/errors.ts";
import { jobKindOf } from "../../core/feature.ts";
import type { Caller, ReservedRequest } from "../../core/gateway/call.ts";
import type { Way } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { metered } from "../../core/gateway/metered.ts";
import type { Job } from "../../core/jobs/job-kind.ts";
import { toLogged } from "../../core/log.ts";
import { planAndUsage } from "../../core/quota/plan-and-usage.ts";
import { busyError } from "../../core/quota/refusal.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import { filesOf } from "./catalog.ts";
import { requireFileLimits } from "./upload-limits.ts";
import { callJobs } from "./client.ts";
import { withJobStamp } from "./job-stamp.ts";
import type { NewJob } from "./stored-jobs.ts";

/** A job that a user asks for. */
export interface JobRequest {
  /** The name of its JobKind. */
  kind: string;
  endpoint: Endpoint;
  model: Model;
  needs: Need[];
  /** The files that it reads. */
  inputs: string[];
  /** The field that names the first file. Moderation cannot read its content. */
  param: string;
  /** The most that it can cost. */
  total: { tokens: number; nanoUsd: number };
  /** What settles it: see `Job`. */
  terms: object;
  /** The longest time until it is settled. */
  leaseMs: number;
  /** The body for the provider, without metadata. */
  body: object;
  metadata: Record<string, string>;
  /** Throws when the plan does not allow it. */
  requirePlan?: (plan: Plan) => void;
  /** Headers of the answer. */
  headers?: Record<string, string>;
  /** Reads the provider's answer. Throws `provider_error` when it does not describe a job. */
  read: (text: string) => CreatedJob;
}

export interface CreatedJob {
  id: string;
  /** The provider's object, as JSON text for the user. */
  text: string;
}

/** Keeps OpenAI's clients from a repetition, which could create a second job. */
const NO_RETRY = { "x-should-retry": "false" };

/** The deadline of the provider's answer. */
const CREATION_MS = 60_000;
/** After this many deadlines, a job that is not confirmed is searched at the provider. Its reservation takes time too. */
const CONFIRMATION_TIMES = 4;

/**
 * Creates a job and answers with the provider's object. Throws what `metered` throws, 429 `plan_limit_exceeded`
 * for a plan without files, and 429 `concurrency_limit_exceeded` when the user has too many jobs.
 */
export function createJob(caller: Caller, request: JobRequest): Promise<Response> {
  const creation = storeAndCreate(caller, request);
  // A caller who leaves does not keep the creation from being confirmed.
  caller.waitUntil(creation.catch(() => undefined));
  return creation;
}

async function storeAndCreate(caller: Caller, request: JobRequest): Promise<Response> {
  const { kind, model, inputs, terms, leaseMs } = request;
  const { objectName: owner, plan } = await planAndUsage(caller);
  const limits = requireFileLimits(plan);
  request.requirePlan?.(plan);
  const createdAt = Date.now();
  const key = crypto.randomUUID();
  const { snapshot } = model;
  const job: NewJob = { key, kind, owner, provider: model.card.provider, snapshot, createdAt, inputs, terms };
  const confirmBy = createdAt + CONFIRMATION_TIMES * Math.min(CREATION_MS, caller.catalog.timing.total_ms);
  const isOpened = await callJobs(caller, (jobs) => jobs.openJob(job, confirmBy, limits.max_jobs));
  if (!isOpened)
    throw busyError(`You have ${limits.max_jobs} jobs. Wait for one to end, or cancel one.`, NO_RETRY, "jobs");
  let created: CreatedJob | undefined;
  const way = toWay(request, job, (answer) => (created = answer));
  let reserved: ReservedRequest | undefined;
  const onReserved = (granted: ReservedRequest) => void (reserved = granted);
  let response: Response;
  try {
    response = await metered(caller, { model: snapshot, ways: [way], key, job: { kind, leaseMs }, onReserved });
  } catch (error) {
    // While the reservation is open, the provider may have the job. The alarm looks for it.
    if (reserved && !(await reserved.settled)) throw withHeaders(toApiError(error), NO_RETRY);
    await ignoreFailure(callJobs(caller, (jobs) => jobs.dropJob(key)));
    throw error;
  }
  if (created) {
    const { id, text } = created;
    const pauseMs = Math.min(filesOf(caller.catalog).poll_ms, jobKindOf(kind)?.longestPauseMs?.(job) ?? Infinity);
    await ignoreFailure(callJobs(caller, (jobs) => jobs.startJob(key, id, text, Date.now() + pauseMs)));
  }
  return response;
}

function toWay(request: JobRequest, job: Pick<Job, "key" | "owner">, onCreated: (created: CreatedJob) => void): Way {
  const { endpoint, needs, param, total, body, metadata, headers, read } = request;
  return {
    endpoint,
    prepare: () => ({
      ask: {
        endpoint,
        needs,
        demand: { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, total },
        subject: { text: "", images: [], param, unreadable: param },
        remains: "work",
        maxMs: CREATION_MS,
        ...(headers ? { changes: headers } : {}),
        write: () => jsonBody(JSON.stringify({ ...body, metadata: withJobStamp(metadata, job) })),
      },
      reply: {
        kind: "json",
        read(text) {
          const created = read(text);
          onCreated(created);
          return { progress: emptyProgress(), allText: () => "", conclude: () => created.text, settlesLater: true };
        },
      },
    }),
  };
}

/** The job stays stored, so the alarm does later what has failed. */
async function ignoreFailure(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    console.error(JSON.stringify({ event: "job_not_confirmed", reason: toLogged(error) }));
  }
}
