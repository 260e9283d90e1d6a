// The plan that holds for a user now, and what is left under it.

import { choosePlan } from "../catalog/choose.ts";
import type { User } from "../auth/user.ts";
import type { Catalog } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { isRefused, underClaim } from "./claim.ts";
import { callQuota } from "./client.ts";
import { toLimits } from "./limits.ts";
import { quotaName } from "./name.ts";

/** The name of the caller's quota object, the plan, and its use. Throws 401 and 403 for users who may do nothing. */
export async function planAndUsage({ env, user, catalog }: { env: Bindings; user: User; catalog: Catalog }) {
  const quota = await quotaName(user, env.QUOTA_PEPPER);
  return underClaim(user, quota, async (claim) => {
    const { name, plan } = choosePlan(catalog, claim.plan);
    const seen = await callQuota(env, quota, (object) => object.view(claim, toLimits(plan)));
    return isRefused(seen) ? seen : { quota, name, plan, view: seen.view };
  });
}
