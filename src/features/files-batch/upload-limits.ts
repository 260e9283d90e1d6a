// The plan's limits of files, before an upload begins.

import type { Plan } from "../../core/catalog/schema.ts";
import type { ApiError } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import type { FileLimits } from "./catalog.ts";
import { fileLimitsOf } from "./catalog.ts";
import { callJobs } from "./client.ts";
import type { Upload, UploadRefusal } from "./stored-files.ts";

/** Begins an upload in the user's object. Throws 429 `plan_limit_exceeded` when the plan has no room for it. */
export async function requireRoom(caller: Caller, plan: Plan, upload: Upload): Promise<void> {
  const limits = fileLimitsOf(plan);
  if (!limits || limits.max_files === 0) throw planLimit("files", false, "Your plan includes no files.");
  const refusal = await callJobs(caller, (jobs) => jobs.beginUpload(upload, limits));
  if (refusal) throw toLimitError(refusal, upload, limits);
}

function toLimitError({ limit, used, most }: UploadRefusal, { bytes }: Upload, limits: FileLimits): ApiError {
  if (bytes > limits.max_bytes) {
    const message = `This form has up to ${bytes} bytes, and your plan has room for files of ${limits.max_bytes} bytes.`;
    return planLimit("file_bytes", false, `${message} Send a smaller file, with the header content-length.`);
  }
  const free = "Delete a file first, with DELETE /v1/files/ID.";
  if (limit === "files") return planLimit("files", true, `You have ${used} of the ${most} files of your plan. ${free}`);
  const message = `Your files have ${used} of the ${most} bytes of your plan, and this form has up to ${bytes}.`;
  return planLimit("file_bytes", true, `${message} ${free}`);
}

/** `window`: the limit. Only a deletion helps, so clients must not retry by themselves. */
const planLimit = (window: string, fitsPlan: boolean, message: string) =>
  apiError("plan_limit_exceeded", message, {
    headers: { "x-should-retry": "false" },
    quota: { window, fits_plan: fitsPlan },
  });
