// What holds for a user now: the plan, whoever says so, and what is left under it.

import type { User } from "../auth/user.ts";
import { choosePlan } from "../catalog/choose.ts";
import type { Catalog } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { isRefused, underClaim } from "./claim.ts";
import { callQuota } from "./client.ts";
import { toLimits } from "./limits.ts";
import { quotaName } from "./name.ts";

/** The name of the user's quota object, the plan, and what it says. Throws 401 and 403 for who may do nothing. */
export async function standingOf({ env, user }: { env: Bindings; user: User }, catalog: Catalog) {
  const quota = await quotaName(user, env.QUOTA_PEPPER);
  return underClaim(user, quota, async (claim) => {
    const { name, plan } = choosePlan(catalog, claim.plan);
    const seen = await callQuota(env, quota, (object) => object.view(claim, toLimits(plan)));
    return isRefused(seen) ? seen : { quota, name, plan, view: seen.view };
  });
}
