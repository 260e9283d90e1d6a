// Calls a user's `UserRuns` object.

import type { Bindings } from "../../core/env.ts";
import { notConfigured } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { callObject } from "../../core/object-call.ts";
import { quotaName } from "../../core/quota/name.ts";
import { runsUnavailable } from "./failures.ts";
import type { ReadMessage, RunReply } from "./messages.ts";
import { MESSAGE_VERSION, toResponse } from "./messages.ts";
import type { UserRuns } from "./object.ts";

type Address = Pick<ReadMessage, "v" | "name" | "key">;
type Stub = DurableObjectStub<UserRuns>;

/**
 * Calls the object with the caller's runs and returns its response. Throws the error of its reply, and 503
 * `runs_unavailable` when it does not reply: the request is then sent to no model, because a retry would be charged again.
 */
export async function callRuns(
  { env, user }: Pick<Caller, "env" | "user">,
  key: string,
  method: (runs: Stub, address: Address) => Promise<RunReply>,
): Promise<Response> {
  const name = await quotaName(user, env.QUOTA_PEPPER);
  return toResponse(await callUserRuns(env, name, (runs) => method(runs, { v: MESSAGE_VERSION, name, key })));
}

/** Cancels and deletes all runs of the user whose objects have that name. */
export const deleteRuns = (env: Bindings, name: string): Promise<void> =>
  callUserRuns(env, name, (runs) => runs.clear());

async function callUserRuns<Result>(
  env: Bindings,
  name: string,
  method: (runs: Stub) => Promise<Result>,
): Promise<Result> {
  const [fault] = bindingFaults(env);
  if (fault !== undefined) throw notConfigured(fault);
  try {
    return await callObject(() => method(env.USER_RUNS.getByName(name)));
  } catch (cause) {
    throw runsUnavailable(cause);
  }
}

/** Returns the fault of a deployment without the binding of the objects. */
export function bindingFaults({ USER_RUNS }: Partial<Bindings>): string[] {
  return USER_RUNS ? [] : ["USER_RUNS: bind the Durable Object in wrangler.toml"];
}
