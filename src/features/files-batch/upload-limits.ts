// The plan's limits of files, before an upload begins.

import type { Plan } from "../../core/catalog/schema.ts";
import type { ApiError } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { busyError } from "../../core/quota/refusal.ts";
import type { FileLimits } from "./catalog.ts";
import { fileLimitsOf } from "./catalog.ts";
import { callJobs } from "./client.ts";
import { LOST_UPLOAD_MS } from "./lost-uploads.ts";
import type { Upload, UploadRefusal } from "./stored-files.ts";

/** The bytes that a form without a declared length begins with. Each further step has four times as many. */
const FIRST_BYTES = 65_536;
const STEP = 4;

/** The most uploads of one user in an isolate, so that slow ones leave memory to others. */
const MAX_UPLOADS = 8;
const running = new Set<{ owner: string; beganAt: number }>();

/** Returns the result of an upload. Throws 429 `concurrency_limit_exceeded` when its user has too many. */
export async function withUploadSlot<Result>(owner: string, upload: () => Promise<Result>): Promise<Result> {
  const beganAt = Date.now();
  // The platform can end a request before its upload frees the slot.
  for (const slot of running) if (slot.beganAt < beganAt - LOST_UPLOAD_MS) running.delete(slot);
  const others = [...running].filter((slot) => slot.owner === owner).length;
  if (others >= MAX_UPLOADS) throw busyError(`You have ${others} uploads. Wait for one to end, then try again.`);
  const slot = { owner, beganAt };
  running.add(slot);
  try {
    return await upload();
  } finally {
    running.delete(slot);
  }
}

/** Returns the plan's limits of files. Throws 429 `plan_limit_exceeded` when the plan has no files. */
export function requireFileLimits(plan: Plan): FileLimits {
  const limits = fileLimitsOf(plan);
  if (limits && limits.max_files > 0) return limits;
  throw planLimit("files", false, "Your plan includes no files and no jobs.");
}

/** The room for one upload. */
export interface UploadRoom {
  /** Makes room for a form of so many bytes. Throws 429 `plan_limit_exceeded`. */
  hold(bytes: number): Promise<void>;
}

/**
 * Begins an upload in the user's object, with room for `length` bytes. Without a declared length the room grows with
 * the form. Throws 429 `plan_limit_exceeded` when the plan has no room.
 */
export async function openRoom(
  caller: Caller,
  plan: Plan,
  upload: Omit<Upload, "bytes">,
  length: number | undefined,
): Promise<UploadRoom> {
  const limits = requireFileLimits(plan);
  let held = 0;
  /** Takes `wanted` bytes, or all that are left when these are at least `needed`. */
  const take = async (wanted: number, needed: number): Promise<void> => {
    const refusal = await callJobs(caller, (jobs) => jobs.beginUpload({ ...upload, bytes: wanted }, limits));
    if (!refusal) {
      held = wanted;
      return;
    }
    const left = refusal.limit === "bytes" ? refusal.most - refusal.used : 0;
    if (left < needed || wanted === needed) throw toLimitError(refusal, needed, limits);
    await take(left, needed);
  };
  const first = length ?? 0;
  await take(first, first);
  return {
    hold: async (bytes) => {
      if (bytes > held) await take(Math.max(FIRST_BYTES, held * STEP, bytes), bytes);
    },
  };
}

function toLimitError({ limit, used, most }: UploadRefusal, bytes: number, limits: FileLimits): ApiError {
  if (bytes > limits.max_bytes) {
    const message = `The form has ${bytes} bytes or more, and your plan has room for files of ${limits.max_bytes} bytes.`;
    return planLimit("file_bytes", false, `${message} Send a smaller file.`);
  }
  const free = "Delete a file first, with DELETE /v1/files/ID.";
  if (limit === "files") return planLimit("files", true, `You have ${used} of the ${most} files of your plan. ${free}`);
  const message = `Your files have ${used} of the ${most} bytes of your plan, and this form has ${bytes} or more.`;
  return planLimit("file_bytes", true, `${message} ${free}`);
}

/** `window`: the limit. Only a deletion helps, so clients must not retry by themselves. */
const planLimit = (window: string, fitsPlan: boolean, message: string) =>
  apiError("plan_limit_exceeded", message, {
    headers: { "x-should-retry": "false" },
    quota: { window, fits_plan: fitsPlan },
  });
