// The lease: a granted reservation until it is settled.

import type { Bindings } from "../env.ts";
import { toApiError } from "../errors.ts";
import { toLogged } from "../log.ts";
import type { BudgetShare } from "./budget.ts";
import { callQuota } from "./client.ts";
import type { Limits, QuotaView } from "./view.ts";
import { unpackView } from "./view.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { leastOf, NO_AMOUNTS } from "../catalog/quota-window.ts";

export interface Lease {
  /** The key of its reservation. */
  key: string;
  /** Output tokens granted to each choice. */
  granted: number;
  /** The reserved amounts. The provider uses more only if the bound is wrong. */
  bound: Amounts;
  /** The windows right after the reservation. */
  view: QuotaView;
  /**
   * Settles with the cost, at most the bound, and the excess. Only the first call has an effect. Never throws: an
   * unsettled lease expires and is charged in full.
   */
  settle(cost: Amounts, excess?: Amounts): Promise<QuotaView | undefined>;
  /** The charge of a settlement that failed. */
  readonly unsettled: Amounts | undefined;
}

/** Creates the lease of the reservation `grant.key`, in the object of that name and in the budget. */
export function createLease(
  env: Bindings,
  { name, share }: { name: string; share: Pick<BudgetShare, "settle"> },
  limits: Limits,
  grant: { key: string; granted: number; bound: Amounts; view: QuotaView },
): Lease {
  const { key, granted, bound, view } = grant;
  let settled = false;
  let unsettled: Amounts | undefined;
  return {
    key,
    granted,
    bound,
    view,
    get unsettled() {
      return unsettled;
    },
    async settle(cost, excess = NO_AMOUNTS) {
      if (settled) return undefined;
      settled = true;
      // The same charge in both ledgers, although one of them may have granted more.
      const charge = leastOf(cost, bound);
      share.settle(charge, excess);
      try {
        const settledView = await callQuota(env, name, (object) => object.settle(limits, { key, charge, excess }));
        return unpackView(settledView, limits);
      } catch (error) {
        unsettled = charge;
        console.error(
          JSON.stringify({ event: "settle_failed", key, charge, reason: toLogged(toApiError(error).cause) }),
        );
        return undefined;
      }
    },
  };
}
