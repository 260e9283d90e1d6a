// Calls a user's `UserJobs` object.

import type { Bindings } from "../../core/env.ts";
import { apiError, notConfigured } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { callObject } from "../../core/object-call.ts";
import { quotaName } from "../../core/quota/name.ts";
import type { UserJobs } from "./object.ts";
import { valueOf } from "./reply.ts";

type Stub = DurableObjectStub<UserJobs>;

/** Calls the caller's object. Throws 503 `jobs_unavailable` when it does not answer. */
export async function callJobs<Result>(
  { env, user }: Pick<Caller, "env" | "user">,
  method: (jobs: Stub) => Promise<Result>,
): Promise<Result> {
  return callUserJobs(env, await quotaName(user, env.QUOTA_PEPPER), method);
}

/** Deletes the files and jobs of the user whose objects have that name, here and at the provider. */
export async function deleteJobs(env: Bindings, name: string): Promise<void> {
  valueOf(await callUserJobs(env, name, (jobs) => jobs.clear()));
}

async function callUserJobs<Result>(
  env: Bindings,
  name: string,
  method: (jobs: Stub) => Promise<Result>,
): Promise<Result> {
  const [fault] = jobsBindingFaults(env);
  if (fault !== undefined) throw notConfigured(fault);
  try {
    return await callObject(() => method(env.USER_JOBS.getByName(name)));
  } catch (cause) {
    throw apiError("jobs_unavailable", "Your files and batches could not be reached. Please try again.", {
      cause,
      headers: { "retry-after": "1" },
    });
  }
}

/** Returns the fault of a deployment without the binding of the objects. */
export function jobsBindingFaults({ USER_JOBS }: Partial<Bindings>): string[] {
  return USER_JOBS ? [] : ["USER_JOBS: bind the Durable Object in wrangler.toml"];
}
