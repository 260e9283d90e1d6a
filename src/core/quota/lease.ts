// One request's reservation, from the moment it is granted until it is settled.

import type { Bindings } from "../env.ts";
import { toApiError } from "../errors.ts";
import { toLogged } from "../log.ts";
import { callQuota } from "./client.ts";
import type { Limits, QuotaView } from "./view.ts";
import type { Amounts } from "../catalog/quota-window.ts";

export interface Lease {
  /** Output tokens granted to each choice. */
  granted: number;
  /** All that is reserved: the provider cannot have used more, or the bound was wrong. */
  bound: Amounts;
  /** What the windows held right after the reservation. */
  view: QuotaView;
  /** Settles; only the first call counts. Never throws: a lease that cannot be settled ends by itself, in full. */
  settle(charge: Amounts): Promise<QuotaView | undefined>;
}

/** The lease of a reservation that was granted under `key`. */
export function createLease(
  env: Bindings,
  name: string,
  limits: Limits,
  grant: { key: string; granted: number; bound: Amounts; view: QuotaView },
): Lease {
  const { key, granted, bound, view } = grant;
  let settled = false;
  return {
    granted,
    bound,
    view,
    async settle(charge) {
      if (settled) return undefined;
      settled = true;
      try {
        return await callQuota(env, name, (object) => object.settle(limits, { key, charge }));
      } catch (error) {
        console.error(
          JSON.stringify({ event: "settle_failed", key, charge, reason: toLogged(toApiError(error).cause) }),
        );
        return undefined;
      }
    },
  };
}
