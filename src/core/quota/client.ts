// The calls to a user's object, and what to do when it cannot be reached: try again where that can help, else closed.

import type { Bindings } from "../env.ts";
import { apiError } from "../errors.ts";
import type { UserQuota } from "./user-quota.ts";

/** Pauses between the tries, in ms; each is shortened by up to a half at random, so that callers do not come in step. */
const RETRY_AFTER_MS = [25, 100, 400];

const ANSWER_MS = 10_000;

type Stub = DurableObjectStub<UserQuota>;

/**
 * Calls the quota object of that name. An error that the runtime calls retryable is retried with a fresh stub; keys
 * make a repeat harmless. An overloaded object is left alone. Throws 503 `quota_unavailable` when there is no answer.
 */
export async function callQuota<Result>(
  env: Bindings,
  name: string,
  method: (object: Stub) => Result,
): Promise<Awaited<Result>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await inTime(method(env.USER_QUOTA.getByName(name)));
    } catch (cause) {
      const pauseMs = RETRY_AFTER_MS[attempt];
      if (pauseMs === undefined || !isRetryable(cause)) throw unavailable(cause);
      await scheduler.wait(pauseMs * (1 - Math.random() / 2));
    }
  }
}

/** An object that does not answer at all is as good as none. */
async function inTime<Result>(answer: Result): Promise<Awaited<Result>> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function isRetryable(error: unknown): boolean {
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
  return retryable === true && overloaded !== true;
}

const unavailable = (cause: unknown) =>
  apiError("quota_unavailable", "Your quota could not be checked, so nothing was sent. Please try again.", {
    cause,
    headers: { "retry-after": "1" },
  });
