// A user's current plan and its remaining quota.

import { choosePlan } from "../catalog/choose.ts";
import type { User } from "../auth/user.ts";
import type { Catalog, Plan } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { isRefused, withClaim } from "./claim.ts";
import { callQuota } from "./client.ts";
import { toLimits } from "./limits.ts";
import { quotaName } from "./name.ts";
import type { HistoryDay } from "./history.ts";
import type { QuotaView } from "./view.ts";

export interface QuotaCaller {
  env: Bindings;
  user: User;
  catalog: Catalog;
}

export interface PlanAndUsage {
  objectName: string;
  /** The plan's name. */
  name: string;
  plan: Plan;
  view: QuotaView;
}

/** Returns the user's object name, plan, quota view, and history of `days` days. Throws 403 for blocked users and 401 for revoked tokens. */
export async function planAndUsage(
  { env, user, catalog }: QuotaCaller,
  days = 0,
): Promise<PlanAndUsage & { history: HistoryDay[] }> {
  const objectName = await quotaName(user, env.QUOTA_PEPPER);
  return withClaim(user, objectName, async (claim) => {
    const { name, plan } = choosePlan(catalog, claim.plan);
    const result = await callQuota(env, objectName, (object) => object.view(claim, toLimits(plan), days));
    return isRefused(result) ? result : { objectName, name, plan, ...result };
  });
}
