// The client of a user's object of runs.

import type { Bindings } from "../../core/env.ts";
import { notConfigured } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { quotaName } from "../../core/quota/name.ts";
import { runsUnavailable } from "./failures.ts";
import type { ReadMessage, RunReply } from "./messages.ts";
import { MESSAGE_VERSION, toResponse } from "./messages.ts";
import type { UserRuns } from "./object.ts";

type Address = Pick<ReadMessage, "v" | "name" | "key">;

/**
 * Calls the object with the caller's runs and returns its response. Throws the error of its reply, and 503
 * `runs_unavailable` when it does not reply: the request is then sent to no model, because a retry would be charged again.
 */
export async function callRuns(
  { env, user }: Pick<Caller, "env" | "user">,
  key: string,
  method: (runs: DurableObjectStub<UserRuns>, address: Address) => Promise<RunReply>,
): Promise<Response> {
  const [fault] = bindingFaults(env);
  if (fault !== undefined) throw notConfigured(fault);
  const name = await quotaName(user, env.QUOTA_PEPPER);
  let reply: RunReply;
  try {
    reply = await method(env.USER_RUNS.getByName(name), { v: MESSAGE_VERSION, name, key });
  } catch (cause) {
    throw runsUnavailable(cause);
  }
  return toResponse(reply);
}

/** Returns the fault of a deployment without the binding of the objects. */
export function bindingFaults({ USER_RUNS }: Partial<Bindings>): string[] {
  return USER_RUNS ? [] : ["USER_RUNS: bind the Durable Object in wrangler.toml"];
}
