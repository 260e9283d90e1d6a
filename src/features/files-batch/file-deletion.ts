// DELETE /v1/files/:id: at the provider and in the user's object, but not while a job needs the file.

import { ApiError, apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { spendRequests } from "../../core/quota/spend.ts";
import { callJobs } from "./client.ts";
import { providerOf, requireOwnFile, requireStamped } from "./own-files.ts";
import { deleteProviderFile } from "./provider-files.ts";
import { valueOf } from "./reply.ts";
import type { StoredFile } from "./stored-files.ts";

/**
 * Deletes the caller's file. A job that reads or has written it is settled first. Throws 404 `not_found`, and 400 when
 * such a job has not ended.
 */
export async function deleteFile(caller: Caller, id: string): Promise<void> {
  const file = await requireOwnFile(caller, id);
  const { objectName: owner } = await spendRequests(caller, 1);
  await requireUnused(caller, file);
  if (!(await isLost(caller, file, owner))) {
    await deleteProviderFile({ env: caller.env, provider: providerOf(caller, file) }, id);
  }
  await callJobs(caller, (jobs) => jobs.removeFile(id));
}

/** Checks the jobs that need a file, because a job settles from the files that it has written. */
async function requireUnused(caller: Caller, file: StoredFile): Promise<void> {
  const user = valueOf(await callJobs(caller, (jobs) => jobs.userOfFile({ id: file.id, job: file.job })));
  if (user === undefined) return;
  throw apiError(
    "invalid_request",
    `The file is in use by ${user}. Wait until that ends, or cancel it, then try again.`,
  );
}

/** Tests if the provider has no such file of this owner. */
async function isLost(caller: Caller, file: StoredFile, owner: string): Promise<boolean> {
  try {
    await requireStamped(caller, file, owner);
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.body.code === "not_found") return true;
    throw error;
  }
}
