// Calls to a user's quota object, with retries. Fails closed when it cannot be reached.

import type { Bindings } from "../env.ts";
import { apiError, InternalError, notConfigured } from "../errors.ts";
import { callObject } from "../object-call.ts";
import type { UserQuota } from "./user-quota.ts";

const TIMEOUT_MS = 10_000;

type Stub = DurableObjectStub<UserQuota>;

/**
 * Calls the quota object with that name. Retries errors that the runtime marks as retryable, with a new stub; the
 * methods are idempotent. Does not retry an overloaded object. Throws 503 `quota_unavailable` when every attempt fails.
 */
export async function callQuota<Result>(
  env: Bindings,
  name: string,
  method: (object: Stub) => Result,
): Promise<Awaited<Result>> {
  if (!(env as Partial<Bindings>).USER_QUOTA) {
    throw notConfigured("USER_QUOTA: bind the Durable Object in wrangler.toml");
  }
  try {
    return await callObject(() => withTimeout(method(env.USER_QUOTA.getByName(name))));
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** Rejects when the object has not answered after 10 s. */
function withTimeout<Result>(answer: Result): Promise<Awaited<Result>> {
  // Promise.race would cost more than the timer.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new InternalError(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    const wait = async () => {
      try {
        resolve(await answer);
      } catch (error) {
        reject(error);
      } finally {
        clearTimeout(timer);
      }
    };
    void wait();
  });
}

const unavailable = (cause: unknown) =>
  apiError("quota_unavailable", "Your quota could not be checked, so nothing was sent. Please try again.", {
    cause,
    headers: { "retry-after": "1" },
  });
