// The calls to a user's object, and what to do when it cannot be reached: closed, never open.

import type { Bindings } from "../env.ts";
import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";
import type { Charge, Reservation, ReserveResult } from "./ledger.ts";
import { rateLimitHeaders } from "./rate-limit.ts";
import type { UserQuota } from "./user-quota.ts";
import type { Limits, View } from "./view.ts";

/** One user's quota under one plan. */
export interface Quota {
  reserve(reservation: Reservation): Promise<ReserveResult>;
  settle(settlement: { key: string; charge: Charge }): Promise<View>;
  view(): Promise<View>;
}

/** The quota object of that name. Its calls throw 503 `quota_unavailable` when the object does not answer. */
export function quotaOf(env: Bindings, name: string, limits: Limits): Quota {
  const call = <Result>(method: (object: DurableObjectStub<UserQuota>) => Result) =>
    withRetry(() => method(env.USER_QUOTA.getByName(name)));
  return {
    reserve: (reservation) => call((object) => object.reserve(limits, reservation)),
    settle: (settlement) => call((object) => object.settle(limits, settlement)),
    view: () => call((object) => object.view(limits)),
  };
}

/** One more try, with a fresh stub, where the runtime says that it can help; keys make a repeat harmless. */
async function withRetry<Result>(attempt: () => Result): Promise<Awaited<Result>> {
  try {
    try {
      return await attempt();
    } catch (error) {
      if (!isRetryable(error)) throw error;
      return await attempt();
    }
  } catch (cause) {
    const message = "Your quota could not be checked, so nothing was sent. Please try again.";
    throw apiError("quota_unavailable", message, { cause, headers: { "retry-after": "1" } });
  }
}

function isRetryable(error: unknown): boolean {
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
  return retryable === true && overloaded !== true;
}

/** A refused reservation as the 429 that tells the caller what is used up and when to come back. */
export function toQuotaError(result: ReserveResult & { ok: false }, now: number): ApiError {
  const headers = rateLimitHeaders(result.view, now);
  switch (result.reason) {
    case "settled":
      return apiError("quota_unavailable", "This request was already settled. Please send it again.", { headers });
    case "concurrent":
      return refusal(
        `Too many requests at once: your plan allows ${result.view.leases.allowed}. Wait for one to end.`,
        result.retryAfterMs,
        headers,
      );
    case "window": {
      const { unit, per, limit, left } = result.window;
      const what = unit === "tokens" ? `This request may need ${result.needed} tokens` : "This request is one too many";
      return refusal(`${what}: ${left} of your ${limit} ${unit} per ${per} are left.`, result.retryAfterMs, headers);
    }
  }
}

function refusal(message: string, retryAfterMs: number, headers: Record<string, string>): ApiError {
  const retry = { "retry-after": String(Math.ceil(retryAfterMs / 1000)), "x-should-retry": "false" };
  return apiError("insufficient_quota", message, { headers: { ...headers, ...retry } });
}
