// The files that a request names: those of its caller, with what their scan has found.

import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { callJobs } from "./client.ts";
import { isFileId } from "./provider-files.ts";
import type { StoredFile } from "./stored-files.ts";

/** Longest id echoed in an error. */
const MAX_SHOWN_ID = 100;

/** Finds the caller's files, in the order of the ids: see `FindFiles`. */
export async function findStoredFiles(
  caller: Pick<Caller, "env" | "user">,
  ids: string[],
  param: string,
): Promise<StoredFile[]> {
  const found = ids.every(isFileId) ? await callJobs(caller, (jobs) => jobs.getFiles(ids)) : [];
  return ids.map((id) => {
    const file = found.find((each) => each.id === id);
    if (file) return file;
    const message = `You have no file '${id.slice(0, MAX_SHOWN_ID)}'. Upload it with POST /v1/files.`;
    throw apiError("not_found", message, { param });
  });
}
