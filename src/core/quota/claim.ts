// Plan claims: a token claims a plan, and an operator's stored plan replaces it.

import type { User } from "../auth/user.ts";
import { setNewest } from "../bounded-map.ts";
import { apiError, CHALLENGE } from "../errors.ts";
import type { Claim, RefusedClaim } from "./account.ts";

const MAX_CACHED_PLANS = 1000;

/** Cached plans by the name of the user's object. They avoid a second call to the object. */
const cachedPlans = new Map<string, string>();

/**
 * Calls `attempt` with the user's claim, and again with the stored plan if the user's object returns one. Throws 403
 * `user_blocked`, and 401 `invalid_api_key` for a revoked token.
 */
export async function withClaim<Result extends object>(
  user: User,
  name: string,
  attempt: (claim: Claim) => Promise<Result | RefusedClaim>,
): Promise<Exclude<Result, RefusedClaim>> {
  const claimed = user.plan ?? "";
  let plan = cachedPlans.get(name) ?? claimed;
  for (;;) {
    const result = await attempt({ plan, claimed, issuedAt: user.issuedAt });
    if (!isRefused(result)) return result as Exclude<Result, RefusedClaim>;
    const { refusal } = result;
    switch (refusal.reason) {
      case "blocked":
        throw apiError("user_blocked", "This user is blocked. Please contact support.");
      case "revoked":
        throw apiError("invalid_api_key", "This token was revoked. Please sign in again.", { headers: CHALLENGE });
      case "plan":
        plan = refusal.plan;
        if (plan === claimed) cachedPlans.delete(name);
        else setNewest(cachedPlans, name, plan, MAX_CACHED_PLANS);
    }
  }
}

/** Tests if the user's object refused the claim. */
export const isRefused = (result: object): result is RefusedClaim => "refusal" in result;
