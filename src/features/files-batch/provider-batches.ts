// Requests to the provider's batch routes, and its description of a batch.

import * as v from "valibot";
import { apiError } from "../../core/errors.ts";
import { callProvider, readText } from "../../core/gateway/provider.ts";
import type { JobPlace } from "../../core/jobs/job-kind.ts";
import { hasJobStamp } from "./job-stamp.ts";
import { isFileId } from "./provider-files.ts";

/** The pattern of ids, because an id becomes part of a URL. */
const BATCH_ID = /^batch_[\w-]{1,200}$/;

/** Tests if a text can be the id of a batch. */
export const isBatchId = (id: string): boolean => BATCH_ID.test(id);

const FileId = v.pipe(v.string(), v.check(isFileId));

/** A batch as the provider describes it. Users get the other fields as they are. */
const ProviderBatch = v.looseObject({
  id: v.pipe(v.string(), v.check(isBatchId)),
  status: v.string(),
  created_at: v.number(),
  output_file_id: v.nullish(FileId),
  error_file_id: v.nullish(FileId),
  request_counts: v.fallback(v.nullish(v.looseObject({ completed: v.number() })), null),
  usage: v.optional(v.unknown()),
});

export type ProviderBatch = v.InferOutput<typeof ProviderBatch>;

const BatchText = v.pipe(v.string(), v.parseJson(), ProviderBatch);
const BatchList = v.pipe(v.string(), v.parseJson(), v.object({ data: v.array(v.unknown()) }));

/** Reads the description of a batch. Throws `provider_error` when it is not valid. */
export function readProviderBatch(text: string): ProviderBatch {
  const batch = v.safeParse(BatchText, text);
  if (batch.success) return batch.output;
  throw apiError("provider_error", "The provider did not describe the batch. Please try again.");
}

/** Gets a batch. Throws an ApiError. */
export async function getProviderBatch({ env, provider, signal }: JobPlace, id: string): Promise<ProviderBatch> {
  return readProviderBatch(await readText(await callProvider(env, provider, { path: `/batches/${id}` }, signal)));
}

/** Cancels a batch: it ends within minutes, with the lines that it has completed. Throws an ApiError. */
export async function cancelProviderBatch({ env, provider, signal }: JobPlace, id: string): Promise<void> {
  await readText(await callProvider(env, provider, { path: `/batches/${id}/cancel`, method: "POST" }, signal));
}

const PAGE_SIZE = 100;
const MAX_PAGES = 100;

/**
 * Finds the batch of a reservation among those of the provider's account that are not older than `since` (epoch ms).
 * Throws an ApiError, also when there are too many to look at all of them.
 */
export async function findProviderBatch(
  { env, provider, signal }: JobPlace,
  key: string,
  since: number,
): Promise<ProviderBatch | undefined> {
  let after = "";
  for (let page = 0; page < MAX_PAGES; page++) {
    const request = { path: `/batches?limit=${PAGE_SIZE}${after}` };
    const list = v.safeParse(BatchList, await readText(await callProvider(env, provider, request, signal)));
    const data = list.success ? list.output.data : undefined;
    const batches = (data ?? []).flatMap((batch) => (v.is(ProviderBatch, batch) ? batch : []));
    if (!data || (data.length > 0 && batches.length === 0)) break;
    const found = batches.find((batch) => hasJobStamp(batch, key));
    const last = batches.at(-1);
    if (found || !last || last.created_at < since / 1000) return found;
    after = `&after=${last.id}`;
  }
  throw apiError("provider_error", "The provider did not list its batches.");
}
