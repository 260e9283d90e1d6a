// From a demand to a lease: the plan, what it allows, the bound, the reservation, and a second try with an exact count.

import type { User } from "../auth/user.ts";
import { choosePlan, isAllowed, notAllowed } from "../catalog/choose.ts";
import type { Model } from "../catalog/resolve.ts";
import type { Catalog, Plan } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { ApiError, toLogged } from "../errors.ts";
import type { Demand } from "./bound.ts";
import { leastInput, toBound } from "./bound.ts";
import { isRefused, underClaim } from "./claim.ts";
import { callQuota } from "./client.ts";
import type { Bound, ReserveResult } from "./ledger.ts";
import { boundAmounts } from "./ledger.ts";
import type { Lease } from "./lease.ts";
import { createLease, createOpenLease } from "./lease.ts";
import { toLimits } from "./limits.ts";
import { quotaName } from "./name.ts";
import { toQuotaError } from "./refusal.ts";
import type { Amounts } from "./window.ts";
import { countsModel } from "./window.ts";

export interface Admission {
  env: Bindings;
  user: User;
  catalog: Catalog;
  model: Model;
  demand: Demand;
  waitUntil: (work: Promise<unknown>) => void;
  /** The provider's exact count of the input's tokens, or undefined when it cannot be had. */
  count(): Promise<number | undefined>;
}

/**
 * Reserves the most that a request can cost under its user's plan. Throws 403 `model_not_allowed` or `user_blocked`,
 * 429 `insufficient_quota`, and 503 `quota_unavailable` unless the deployment chose to let requests through then.
 */
export async function admit(admission: Admission): Promise<Lease> {
  const { env, user, model } = admission;
  const name = await quotaName(user, env.QUOTA_PEPPER);
  // One key for all tries, so that none can reserve beside another.
  const key = crypto.randomUUID();
  try {
    let { result, limits, plan, bound } = await tryReserve(admission, name, key);
    let fewest = leastOf(admission, plan);
    if (!result.ok && couldFit(result, model.id, fewest)) {
      const exactInput = await admission.count();
      if (exactInput !== undefined) {
        ({ result, limits, plan, bound } = await tryReserve(admission, name, key, exactInput));
        fewest = boundAmounts(bound, bound.minOutput);
      }
    }
    if (!result.ok) throw toQuotaError(result, Date.now(), model.id, fewest);
    const { granted, view } = result;
    return createLease(env, name, limits, { key, granted, view, bound: boundAmounts(bound, granted) });
  } catch (error) {
    const unavailable = error instanceof ApiError && error.body.code === "quota_unavailable";
    // A reservation whose answer was lost would hold its lease, and then be charged.
    if (unavailable) admission.waitUntil(callQuota(env, name, (object) => object.giveBack(key)).catch(() => undefined));
    if (!unavailable || env.QUOTA_FAIL_OPEN !== "true") throw error;
    console.error(JSON.stringify({ event: "quota_failed_open", reason: toLogged(error.cause) }));
    const { plan } = choosePlan(admission.catalog, user.plan);
    if (!isAllowed(plan, admission.model)) throw notAllowed(plan, admission.model);
    const bound = boundOf(admission, plan);
    return createOpenLease(bound.output, boundAmounts(bound, bound.output));
  }
}

function tryReserve(admission: Admission, name: string, key: string, exactInput?: number) {
  const { env, user, catalog, model } = admission;
  const leaseMs = catalog.timing.total_ms + catalog.timing.lease_grace_ms;
  return underClaim(user, name, async (claim) => {
    const { plan } = choosePlan(catalog, claim.plan);
    const limits = toLimits(plan);
    if (!isAllowed(plan, model)) {
      // The claim may be for another plan than the user's, and only the user's object knows.
      const known = await callQuota(env, name, (object) => object.view(claim, limits));
      if (isRefused(known)) return known;
      throw notAllowed(plan, model);
    }
    const bound = boundOf(admission, plan, exactInput);
    const reservation = { key, model: model.id, bound, leaseMs };
    const result = await callQuota(env, name, (object) => object.reserve(claim, limits, reservation));
    return isRefused(result) ? result : { result, limits, plan, bound };
  });
}

function boundOf({ catalog, model, demand }: Admission, plan: Plan, exactInput?: number): Bound {
  return toBound({ ...demand, exactInput }, model.card, plan, catalog.min_output_tokens);
}

/** What a request needs at the very least: the fewest tokens that its text could have, and the shortest answer. */
function leastOf(admission: Admission, plan: Plan): Amounts {
  const least = boundOf(admission, plan, leastInput(admission.demand));
  return boundAmounts(least, least.minOutput);
}

/** Whether the least would fit into every window, where the bound did not. */
function couldFit(result: ReserveResult & { ok: false }, model: string, least: Amounts): boolean {
  if (result.reason !== "window") return false;
  return result.view.windows.every((window) => !countsModel(window, model) || least[window.unit] <= window.left);
}
