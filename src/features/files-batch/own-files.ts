// The files of the caller, found in the user's object. Another user's file is as unknown as a missing one.

import { entry } from "../../core/catalog/schema.ts";
import type { Provider } from "../../core/catalog/schema.ts";
import { ApiError, apiError, InternalError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { statusOf } from "../../core/gateway/provider-error.ts";
import { spendRequests } from "../../core/quota/spend.ts";
import { callJobs } from "./client.ts";
import { getProviderFile, isFileId } from "./provider-files.ts";
import { isStampedBy } from "./stamp.ts";
import type { StoredFile } from "./stored-files.ts";

/** Longest id echoed in an error. */
const MAX_SHOWN_ID = 100;

/** Creates the 404 for a file that the caller does not have. */
export function fileNotFound(id: string, param?: string): ApiError {
  const message = `You have no file '${id.slice(0, MAX_SHOWN_ID)}'. Upload it with POST /v1/files.`;
  return apiError("not_found", message, param === undefined ? {} : { param });
}

/** Finds the caller's files, in the order of the ids: see `FindFiles`. */
export async function findStoredFiles(
  caller: Pick<Caller, "env" | "user">,
  ids: string[],
  param?: string,
): Promise<StoredFile[]> {
  const found = ids.every(isFileId) ? await callJobs(caller, (jobs) => jobs.getFiles(ids)) : [];
  return ids.map((id) => {
    const file = found.find((each) => each.id === id);
    if (!file) throw fileNotFound(id, param);
    return file;
  });
}

/** Returns the caller's file. Throws 404 `not_found`. */
export async function requireOwnFile(caller: Caller, id: string): Promise<StoredFile> {
  const [file] = await findStoredFiles(caller, [id]);
  if (file) return file;
  throw fileNotFound(id);
}

/** Returns the provider that has a file, by its name in the catalog. */
export function providerOf({ catalog }: Caller, { provider: name }: StoredFile): Provider {
  const provider = entry(catalog.providers, name);
  if (provider) return provider;
  throw new InternalError(`the catalog has no provider '${name}'`);
}

/**
 * Asks the provider for an uploaded file, and counts the request. Throws 404 `not_found` when the file has not the
 * owner's stamp: the user's object and the provider must agree. Files of jobs have no stamp, and are not asked for.
 */
export async function requireStamped(caller: Caller, file: StoredFile, owner: string): Promise<void> {
  if (file.job !== undefined) return;
  await spendRequests(caller, 1);
  const place = { env: caller.env, provider: providerOf(caller, file) };
  const { filename } = await withOwnNotFound(file.id, () => getProviderFile(place, file.id));
  if (!isStampedBy(owner, filename)) throw fileNotFound(file.id);
}

/** Returns the result of a request for a file. The provider's 404 becomes the 404 of a missing file. */
export async function withOwnNotFound<Result>(id: string, request: () => Promise<Result>): Promise<Result> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof ApiError && statusOf(error) === 404) throw fileNotFound(id);
    throw error;
  }
}
