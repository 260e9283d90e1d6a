// One request's reservation, from the moment it is granted until it is settled.

import type { Quota } from "./client.ts";
import { toQuotaError } from "./client.ts";
import type { Bound, Charge } from "./ledger.ts";
import type { View } from "./view.ts";

export interface Lease {
  /** Output tokens granted to each choice. */
  granted: number;
  /** What the windows held right after the reservation. */
  view: View;
  /** Settles; only the first call counts. Never throws: a lease that cannot be settled ends by itself, in full. */
  settle(charge: Charge): Promise<View | undefined>;
}

/** Reserves the bound for at most `leaseMs`. Throws 429 `insufficient_quota` or 503 `quota_unavailable`. */
export async function openLease(quota: Quota, bound: Bound, leaseMs: number): Promise<Lease> {
  const key = crypto.randomUUID();
  const result = await quota.reserve({ key, bound, leaseMs });
  if (!result.ok) throw toQuotaError(result, Date.now());
  let settled = false;
  return {
    granted: result.granted,
    view: result.view,
    async settle(charge) {
      if (settled) return undefined;
      settled = true;
      try {
        return await quota.settle({ key, charge });
      } catch (error) {
        console.error(JSON.stringify({ event: "settle_failed", key, charge, reason: String(error) }));
        return undefined;
      }
    },
  };
}
