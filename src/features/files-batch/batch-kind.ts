// The kind of job `batch`: finds, checks and cancels batches at the provider, and settles them line by line.

import { NO_AMOUNTS } from "../../core/catalog/quota-window.ts";
import { ApiError } from "../../core/errors.ts";
import { batchRoutes } from "../../core/feature.ts";
import { callProvider, requireBody } from "../../core/gateway/provider.ts";
import { statusOf } from "../../core/gateway/provider-error.ts";
import type { Job, JobEnd, JobFile, JobKind, JobPlace } from "../../core/jobs/job-kind.ts";
import type { BatchTerms, LineSum } from "./batch-cost.ts";
import { addLine, emptySum, toBatchEnd } from "./batch-cost.ts";
import { toUserText } from "./job-stamp.ts";
import { readOutputLines } from "./output-lines.ts";
import type { ProviderBatch } from "./provider-batches.ts";
import { cancelProviderBatch, findProviderBatch, getProviderBatch } from "./provider-batches.ts";
import { getProviderFile } from "./provider-files.ts";

const ENDED = new Set(["completed", "failed", "expired", "cancelled"]);
/** States that end within minutes. */
const ENDING = new Set(["finalizing", "cancelling"]);
const ENDING_CHECK_MS = 30_000;

/** The clocks of Weir and of the provider may differ by this. */
const CLOCK_SKEW_MS = 300_000;

/** The statuses of a cancellation that comes too late. */
const TOO_LATE = [400, 404, 409];

export const batchKind: JobKind = {
  name: "batch",
  async find(place, { key, createdAt }) {
    return (await findProviderBatch(place, key, createdAt - CLOCK_SKEW_MS))?.id;
  },
  async check(place, job, id) {
    const batch = await getProviderBatch(place, id);
    const text = toUserText(batch);
    if (!ENDED.has(batch.status)) {
      return { text, files: [], ...(ENDING.has(batch.status) ? { nextCheckMs: ENDING_CHECK_MS } : {}) };
    }
    return { text, files: await filesOf(place, batch), ended: await endOf(place, batch, job) };
  },
  cancel: (place, id) => ifPresent(cancelProviderBatch(place, id), TOO_LATE),
};

async function filesOf(place: JobPlace, { output_file_id, error_file_id }: ProviderBatch): Promise<JobFile[]> {
  const ids = [output_file_id, error_file_id].flatMap((id) => id ?? []);
  return Promise.all(
    ids.map(async (id) => {
      const file = { id, purpose: "batch_output" };
      const found = await ifPresent(getProviderFile(place, id));
      return found ? Object.assign(file, { bytes: found.bytes, filename: found.filename }) : file;
    }),
  );
}

async function endOf(place: JobPlace, batch: ProviderBatch, { snapshot, terms: stored }: Job): Promise<JobEnd> {
  const terms = stored as BatchTerms;
  const sum = emptySum();
  const { output_file_id: output, error_file_id: errors, request_counts, usage } = batch;
  if (output && !(await ifPresent(addLines(sum, place, output, terms)))) sum.unknown += 1;
  if (errors) await ifPresent(addLines(sum, place, errors, terms));
  const end = toBatchEnd(sum, { completed: request_counts?.completed ?? 0, usage }, terms);
  const { charge, excess = NO_AMOUNTS } = end;
  if (excess.tokens > 0 || excess.nanoUsd > 0) {
    console.error(JSON.stringify({ event: "bound_exceeded", model: snapshot, bound: charge, excess }));
  }
  return end;
}

/** Adds the lines of a file to a sum. Resolves to true. */
async function addLines(sum: LineSum, place: JobPlace, id: string, terms: BatchTerms): Promise<true> {
  const route = batchRoutes().find(({ url }) => url === terms.url);
  const { env, provider, signal } = place;
  const content = await callProvider(env, provider, { path: `/files/${id}/content` }, signal);
  for await (const line of readOutputLines(requireBody(content, false))) addLine(sum, line, terms, route);
  return true;
}

/** Resolves to undefined when the provider answers with 404, or with one of `statuses`. */
const ifPresent = <Result>(request: Promise<Result>, statuses = [404]) =>
  request.catch((error: unknown) => {
    if (error instanceof ApiError && statuses.includes(statusOf(error))) return undefined;
    throw error;
  });
