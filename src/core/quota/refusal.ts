// Mapping from a refused reservation to the error for the caller.

import type { QuotaFacts } from "../errors.ts";
import { ApiError, apiError } from "../errors.ts";
import type { ReserveResult } from "./ledger.ts";
import { BUSY_RETRY_MS } from "./ledger.ts";
import { fromAmount } from "./limits.ts";
import { rateLimitHeaders } from "./rate-limit.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { amountOf, countsModel, windowKey } from "../catalog/quota-window.ts";
import type { QuotaView } from "./view.ts";

/** The cause of the error for a key that was settled. */
const ALREADY_SETTLED = "the key of the reservation was settled";

/** Tests if a request was refused because the key of its reservation was settled. */
export const isAlreadySettled = (error: unknown): boolean =>
  error instanceof ApiError && error.cause === ALREADY_SETTLED;

/** Stops the retries of OpenAI's clients. */
const NO_RETRY = { "x-should-retry": "false" };

/**
 * Returns the 429 for a refusal, with `x-ratelimit-*`: `insufficient_quota` when a window is used up,
 * `concurrency_limit_exceeded` when the user's running requests are in the way, and `plan_limit_exceeded` when
 * `minimum`, the least that the request needs, is above a limit of the plan. Returns 503 for a key that was settled.
 */
export function toQuotaError(
  result: ReserveResult & { ok: false },
  now: number,
  model: string,
  minimum: Amounts,
  busyMessage = "",
): ApiError {
  const { view } = result;
  const headers = rateLimitHeaders(view, now, model);
  if (result.reason === "settled") {
    const message = "This request was already settled. Please send it again.";
    return apiError("quota_unavailable", message, { headers, cause: ALREADY_SETTLED });
  }
  const never = neverFitting(view, model, minimum, headers);
  if (never) return never;
  switch (result.reason) {
    case "concurrent": {
      const message = `Too many requests at once: your plan allows ${view.leases.allowed}. Wait for one to end.`;
      return busyError(message, headers);
    }
    case "busy":
      return busyError(busyMessage, headers);
    case "window": {
      const { unit, per, limit, used, left, resetAt } = result.window;
      const [needed, rest, all] = [result.needed, left, limit].map((amount) => fromAmount(unit, amount));
      const window = windowKey(result.window);
      const remaining = `${rest} of your ${all} ${unit} per ${per} are left.`;
      const message =
        unit === "requests"
          ? `This request is one too many: ${remaining}`
          : `This request may need ${needed} ${unit}: ${remaining}`;
      if (used + result.needed <= limit) {
        return busyError(`${message} Running requests hold the rest: wait for one to end.`, headers, window);
      }
      const retry = { ...NO_RETRY, "retry-after": String(Math.ceil(result.retryAfterMs / 1000)) };
      const quota: QuotaFacts = { window, reset_at: resetAt / 1000, fits_plan: true };
      const advice = ` Wait until ${toMinute(resetAt)}${unit === "requests" ? "." : ", or send less."}`;
      return apiError("insufficient_quota", message + advice, { headers: { ...headers, ...retry }, quota });
    }
  }
}

/** Formats a time (epoch ms) to the minute: "2026-12-01 00:00 UTC". Windows end at whole minutes. */
const toMinute = (time: number) => `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** Returns the 429 for a request that can be sent again as soon as another one of the user has ended. */
export function busyError(message: string, headers: Record<string, string> = {}, window = "concurrent"): ApiError {
  const retry = { "retry-after": String(BUSY_RETRY_MS / 1000) };
  const quota: QuotaFacts = { window, fits_plan: true };
  return apiError("concurrency_limit_exceeded", message, { headers: { ...headers, ...retry }, quota });
}

/** Returns the 429 for a request that is too large for a window even when nothing is used. */
function neverFitting(
  view: QuotaView,
  model: string,
  minimum: Amounts,
  headers: Record<string, string>,
): ApiError | undefined {
  const isTooSmall = (window: QuotaView["windows"][number]) =>
    countsModel(window, model) && amountOf(minimum, window.unit) > window.limit;
  const window = view.windows.find(isTooSmall);
  if (!window) return undefined;
  const { unit, per, limit } = window;
  const [needed, all] = [amountOf(minimum, unit), limit].map((amount) => fromAmount(unit, amount));
  const message = `This request needs at least ${needed} ${unit}, and your plan has ${all} ${unit} per ${per}. Send less.`;
  const quota: QuotaFacts = { window: windowKey(window), fits_plan: false };
  return apiError("plan_limit_exceeded", message, { headers: { ...headers, ...NO_RETRY }, quota });
}
