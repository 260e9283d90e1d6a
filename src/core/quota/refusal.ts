// Mapping from a refused reservation to the error for the caller.

import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";
import type { ReserveResult } from "./ledger.ts";
import { BUSY_RETRY_MS } from "./ledger.ts";
import { fromAmount } from "./limits.ts";
import { rateLimitHeaders } from "./rate-limit.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { amountOf } from "../catalog/quota-window.ts";

/**
 * Returns 429 `insufficient_quota` with `retry-after` and `x-ratelimit-*`; `x-should-retry: false` stops the retries of
 * OpenAI's clients. `minimum`: the least that the request needs; above a window's limit, it never fits.
 */
export function toQuotaError(
  result: ReserveResult & { ok: false },
  now: number,
  model: string,
  minimum: Amounts,
  busyMessage = "",
): ApiError {
  const headers = rateLimitHeaders(result.view, now, model);
  switch (result.reason) {
    case "settled":
      return apiError("quota_unavailable", "This request was already settled. Please send it again.", { headers });
    case "concurrent": {
      const { allowed } = result.view.leases;
      const message = `Too many requests at once: your plan allows ${allowed}. Wait for one to end.`;
      return insufficient(message, result.retryAfterMs, headers);
    }
    case "busy":
      return busyError(busyMessage, headers);
    case "window": {
      const { unit, per, limit, left } = result.window;
      const [needed, rest, all] = [result.needed, left, limit].map((amount) => fromAmount(unit, amount));
      const remaining = `${rest} of your ${all} ${unit} per ${per} are left.`;
      const message =
        unit === "requests"
          ? `This request is one too many: ${remaining}`
          : `This request may need ${needed} ${unit}: ${remaining}`;
      const never = amountOf(minimum, unit) > limit ? " It never fits into your plan: send less." : "";
      return insufficient(message + never, result.retryAfterMs, headers);
    }
  }
}

/** Returns the 429 for a request whose exclusive key is in use, or has just been. */
export const busyError = (message: string, headers: Record<string, string> = {}): ApiError =>
  insufficient(message, BUSY_RETRY_MS, headers);

function insufficient(message: string, retryAfterMs: number, headers: Record<string, string>): ApiError {
  const retry = { "retry-after": String(Math.ceil(retryAfterMs / 1000)), "x-should-retry": "false" };
  return apiError("insufficient_quota", message, { headers: { ...headers, ...retry } });
}
