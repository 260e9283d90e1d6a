// The replies of a `UserJobs` object. An error that is thrown across a call would lose its class.

import type { ErrorBody } from "../../core/errors.ts";
import { ApiError, toApiError } from "../../core/errors.ts";
import { toLogged } from "../../core/log.ts";

/** A value, or an error. */
export type JobsReply<Value> =
  | { ok: true; value: Value }
  | { ok: false; status: number; body: ErrorBody; headers: Record<string, string>; cause: unknown };

/** Returns the value of `work`, or its error. */
export async function toJobsReply<Value>(work: () => Promise<Value>): Promise<JobsReply<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    const { status, body, headers, cause } = toApiError(thrown);
    return { ok: false, status, body, headers, cause: toLogged(cause) ?? null };
  }
}

/** Returns the value of a reply. Throws its error. */
export function valueOf<Value>(reply: JobsReply<Value>): Value {
  if (reply.ok) return reply.value;
  const { status, body, headers, cause } = reply;
  throw new ApiError(status, body, { headers, cause: cause ?? undefined });
}
