// Requests that count at once: calls to a provider that need no reservation.

import { choosePlan } from "../catalog/choose.ts";
import type { PlanAndUsage, QuotaCaller } from "./plan-and-usage.ts";
import { isRefused, withClaim } from "./claim.ts";
import { callQuota } from "./client.ts";
import { toLimits } from "./limits.ts";
import { quotaName } from "./name.ts";
import { toQuotaError } from "./refusal.ts";

/**
 * Counts `requests` in the user's windows and returns the same as `planAndUsage`. Call it before a request to a
 * provider that costs no tokens. `model`: the card's key, where there is one. Throws 429 when a window is used up, 403
 * for blocked users and 401 for revoked tokens.
 */
export async function spendRequests(
  { env, user, catalog }: QuotaCaller,
  requests: number,
  model?: string,
): Promise<PlanAndUsage> {
  const objectName = await quotaName(user, env.QUOTA_PEPPER);
  const spending = { requests, ...(model === undefined ? {} : { model }) };
  return withClaim(user, objectName, async (claim) => {
    const { name, plan } = choosePlan(catalog, claim.plan);
    const result = await callQuota(env, objectName, (object) => object.spend(claim, toLimits(plan), spending));
    if (isRefused(result)) return result;
    if (!result.ok) throw toQuotaError(result, Date.now(), model ?? "", { tokens: 0, requests, nanoUsd: 0 });
    return { objectName, name, plan, view: result.view };
  });
}
