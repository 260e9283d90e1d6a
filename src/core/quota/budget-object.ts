// Calls to the object that holds the budget of the deployment.

import type { Bindings } from "../env.ts";
import { toApiError } from "../errors.ts";
import { toLogged } from "../log.ts";
import { callQuota } from "./client.ts";
import type { LedgerSettlement } from "./ledger.ts";
import type { UserQuota } from "./user-quota.ts";

/** The name of the budget's object. No user's object has it: those begin with "q1:". */
export const BUDGET_NAME = "budget";

/** Calls the budget's object like a user's: see callQuota. */
export function callBudget<Result>(
  env: Bindings,
  method: (object: DurableObjectStub<UserQuota>) => Result,
): Promise<Awaited<Result>> {
  return callQuota(env, BUDGET_NAME, method);
}

/** Settles a reservation in the budget. Never throws: an unsettled lease expires and is charged in full. */
export async function settleInBudget(env: Bindings, settlement: LedgerSettlement): Promise<void> {
  await callBudget(env, (object) => object.settleInBudget(settlement)).catch((error: unknown) => {
    const reason = toLogged(toApiError(error).cause);
    console.error(JSON.stringify({ event: "settle_failed", object: BUDGET_NAME, ...settlement, reason }));
  });
}
