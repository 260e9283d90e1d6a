// Under which plan a user is served: the token's claim, unless an operator has stored another with the user.

import type { User } from "../auth/user.ts";
import { apiError, CHALLENGE } from "../errors.ts";
import type { Claim, RefusedClaim } from "./account.ts";

const REMEMBERED_PLANS = 1000;

/** Stored plans that this isolate was told of, by the name of the user's object: they save asking twice. */
const storedPlans = new Map<string, string>();

/**
 * Makes `attempt` with the user's claim; when the user's object knows of another plan, once more with that. Throws 403
 * `user_blocked`, and 401 for a token that was revoked.
 */
export async function underClaim<Result extends object>(
  user: User,
  name: string,
  attempt: (claim: Claim) => Promise<Result | RefusedClaim>,
): Promise<Exclude<Result, RefusedClaim>> {
  const claimed = user.plan ?? "";
  let plan = storedPlans.get(name) ?? claimed;
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
        remember(name, plan, claimed);
    }
  }
}

/** Whether an answer of the user's object is a refusal of the claim itself. */
export const isRefused = (result: object): result is RefusedClaim => "refusal" in result;

function remember(name: string, plan: string, claimed: string): void {
  storedPlans.delete(name);
  if (plan === claimed) return;
  const oldest = storedPlans.size >= REMEMBERED_PLANS ? storedPlans.keys().next().value : undefined;
  if (oldest !== undefined) storedPlans.delete(oldest);
  storedPlans.set(name, plan);
}
