// Settles a reservation whose request is over or lost, from another request or from an alarm.

import type { Amounts } from "../catalog/quota-window.ts";
import { NO_AMOUNTS } from "../catalog/quota-window.ts";
import type { Catalog } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { openBudgetShare } from "./budget.ts";
import { callQuota } from "./client.ts";

interface LateSettlement {
  env: Bindings;
  catalog: Catalog;
  waitUntil: (work: Promise<unknown>) => void;
  /** The name of the user's object. */
  name: string;
  /** The key of the reservation. */
  key: string;
  charge: Amounts;
  /** The part of the cost above the reservation. It is charged too. */
  excess?: Amounts;
}

/** The windows after the settlement are not needed. */
const NO_LIMITS = { windows: [], concurrent: 0 };

/** Settles in the user's object and in the budget, once: repeated calls have no effect. Throws 503 `quota_unavailable`. */
export async function settleLate({
  name,
  key,
  charge,
  excess = NO_AMOUNTS,
  ...context
}: LateSettlement): Promise<void> {
  openBudgetShare(context, key).settle(charge, excess);
  await callQuota(context.env, name, (object) => object.settle(NO_LIMITS, { key, charge, excess }));
}
