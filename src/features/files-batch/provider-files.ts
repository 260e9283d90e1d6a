// Requests to the provider's file routes.

import * as v from "valibot";
import type { Provider } from "../../core/catalog/schema.ts";
import type { Bindings } from "../../core/env.ts";
import { ApiError, apiError } from "../../core/errors.ts";
import { callProvider, readText } from "../../core/gateway/provider.ts";
import { statusOf } from "../../core/gateway/provider-error.ts";

const TIMEOUT_MS = 30_000;

/** The pattern of ids, because an id becomes part of a URL. */
const FILE_ID = /^file-[\w-]{1,200}$/;

/** Tests if a text can be the id of a file. */
export const isFileId = (id: string): boolean => FILE_ID.test(id);

/** A file as the provider describes it. Unknown fields are ignored. */
const ProviderFile = v.object({
  id: v.pipe(v.string(), v.check(isFileId)),
  bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
  created_at: v.number(),
  expires_at: v.nullish(v.number()),
  filename: v.string(),
  purpose: v.string(),
});

export type ProviderFile = v.InferOutput<typeof ProviderFile>;

const FileText = v.pipe(v.string(), v.parseJson(), ProviderFile);
const ListText = v.pipe(v.string(), v.parseJson(), v.object({ data: v.array(v.unknown()) }));

/** Reads the description of a file. Throws `provider_error` when it is not valid. */
export function readProviderFile(text: string): ProviderFile {
  const file = v.safeParse(FileText, text);
  if (file.success) return file.output;
  throw apiError("provider_error", "The provider did not describe the file. Please try again.");
}

interface FilePlace {
  env: Bindings;
  provider: Provider;
}

/** Gets the description of a file. Throws an ApiError. */
export async function getProviderFile({ env, provider }: FilePlace, id: string): Promise<ProviderFile> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return readProviderFile(await readText(await callProvider(env, provider, { path: `/files/${id}` }, signal)));
}

/** Deletes a file. A file that the provider no longer has counts as deleted. Throws an ApiError. */
export async function deleteProviderFile({ env, provider }: FilePlace, id: string): Promise<void> {
  try {
    const request = { path: `/files/${id}`, method: "DELETE" } as const;
    await readText(await callProvider(env, provider, request, AbortSignal.timeout(TIMEOUT_MS)));
  } catch (error) {
    if (!(error instanceof ApiError) || statusOf(error) !== 404) throw error;
  }
}

/** Returns one page of all files of the provider's account, newest first. Throws an ApiError. */
export async function listProviderFiles({ env, provider }: FilePlace, after?: string): Promise<ProviderFile[]> {
  const query = after === undefined ? "" : `&after=${after}`;
  const request = { path: `/files?order=desc&limit=1000${query}` };
  const response = await callProvider(env, provider, request, AbortSignal.timeout(TIMEOUT_MS));
  const list = v.safeParse(ListText, await readText(response));
  if (!list.success) throw apiError("provider_error", "The provider did not list its files.");
  return list.output.data.flatMap((file) => (v.is(ProviderFile, file) ? file : []));
}
