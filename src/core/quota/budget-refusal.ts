// The refusal of a budget that is used up, and its line in the operator's log.

import { windowKey } from "../catalog/quota-window.ts";
import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";
import type { BudgetResult } from "./budget-ledger.ts";
import { fromAmount } from "./limits.ts";
import type { WindowView } from "./view.ts";

const LOG_EVERY_MS = 60_000;
let loggedAt = 0;

/** Returns the 503 for a refusal: `budget_exhausted`, and `quota_unavailable` for a key that was settled. */
export function toBudgetError(result: BudgetResult & { ok: false }): ApiError {
  if (result.reason !== "window") {
    return apiError("quota_unavailable", "This request was already settled. Please send it again.");
  }
  const { window, needed, retryAfterMs } = result;
  const isUsedUp = window.used + needed > window.limit;
  if (isUsedUp) logExhausted(window);
  const retryAfter = { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
  const headers = isUsedUp ? { ...retryAfter, "x-should-retry": "false" } : retryAfter;
  const message = "This service has used up its budget for now. Please try again later.";
  return apiError("budget_exhausted", message, { headers });
}

/** Logs one line a minute for the operator. */
function logExhausted(window: WindowView): void {
  if (Date.now() - loggedAt < LOG_EVERY_MS) return;
  loggedAt = Date.now();
  const [limit, used] = [window.limit, window.used].map((amount) => fromAmount(window.unit, amount));
  const resetAt = new Date(window.resetAt).toISOString();
  console.error(JSON.stringify({ event: "budget_exhausted", window: windowKey(window), limit, used, resetAt }));
}
