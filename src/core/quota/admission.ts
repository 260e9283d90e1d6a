// From a demand to a lease: the plan, what it allows, the bound, the reservation, and a second try with an exact count.

import type { User } from "../auth/user.ts";
import { choosePlan, isAllowed, notAllowed } from "../catalog/choose.ts";
import type { Model } from "../catalog/resolve.ts";
import type { Catalog, Plan } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { ApiError, apiError, toLogged } from "../errors.ts";
import type { Demand } from "./bound.ts";
import { leastInput, toBound, widestBound } from "./bound.ts";
import { isRefused, underClaim } from "./claim.ts";
import { callQuota } from "./client.ts";
import type { Bound, ReserveResult } from "./ledger.ts";
import { boundAmounts } from "./ledger.ts";
import type { Lease } from "./lease.ts";
import { createLease, createOpenLease } from "./lease.ts";
import { toLimits } from "./limits.ts";
import { quotaName } from "./name.ts";
import { busy, toQuotaError } from "./refusal.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { countsModel } from "../catalog/quota-window.ts";

export interface Admission<Candidate extends Asked> {
  env: Bindings;
  user: User;
  catalog: Catalog;
  /** Who is asked, and who in its place when it fails. */
  candidates: [Candidate, ...Candidate[]];
  /** Names the reservation: one for all tries, so that none can reserve beside another. */
  key: string;
  waitUntil: (work: Promise<unknown>) => void;
  /** The provider's exact count of the input's tokens, or undefined when it cannot be had. */
  count(): Promise<number | undefined>;
}

interface Asked {
  model: Model;
  exchange: { demand: Demand; isPolicys?: boolean };
}

export interface Admitted<Candidate> {
  lease: Lease;
  /** The plan that it was made under. */
  plan: Plan;
  /** Those that the reservation is for. */
  candidates: [Candidate, ...Candidate[]];
  /** The output tokens that a candidate may be asked for, each choice. */
  grantedTo(candidate: Candidate): number;
}

/**
 * Reserves the most that a request can cost under its user's plan, whoever of its candidates answers. Throws 403 `model_not_allowed` or `user_blocked`,
 * 429 `insufficient_quota`, and 503 `quota_unavailable` unless the deployment chose to let requests through then.
 */
export async function admit<Candidate extends Asked>(admission: Admission<Candidate>): Promise<Admitted<Candidate>> {
  const { env, user, key } = admission;
  const { model, exchange } = admission.candidates[0];
  const name = await quotaName(user, env.QUOTA_PEPPER);
  try {
    const counted = exchange.demand.uncounted ? await requireCount(admission) : undefined;
    let reserved = await tryReserve(admission, name, counted);
    let fewest = leastOf(admission, reserved.plan, counted);
    if (!reserved.result.ok && counted === undefined && couldFit(reserved.result, model.id, fewest)) {
      const exactInput = await admission.count();
      if (exactInput !== undefined) {
        reserved = await tryReserve(admission, name, exactInput);
        fewest = boundAmounts(reserved.bound, reserved.bound.minOutput);
      }
    }
    const { result, limits, plan, bound, candidates } = reserved;
    if (!result.ok) throw toQuotaError(result, Date.now(), model.id, fewest);
    const { granted, view } = result;
    if (exchange.demand.exclusive !== undefined) {
      // Another request may have added to it between the count and the reservation; from now on none does.
      const recounted = await admission.count();
      if (recounted !== counted) {
        admission.waitUntil(callQuota(env, name, (object) => object.giveBack(key)).catch(() => undefined));
        throw recounted === undefined ? uncounted() : busy();
      }
    }
    const lease = createLease(env, name, limits, { key, granted, view, bound: boundAmounts(bound, granted) });
    // The estimate of an answer whose usage never comes goes by the count, too.
    if (counted !== undefined) exchange.demand.exactInput = counted;
    return admitted(admission, plan, candidates, lease);
  } catch (error) {
    const unavailable = error instanceof ApiError && error.body.code === "quota_unavailable";
    // A reservation whose answer was lost would hold its lease, and then be charged.
    if (unavailable) admission.waitUntil(callQuota(env, name, (object) => object.giveBack(key)).catch(() => undefined));
    if (!unavailable || env.QUOTA_FAIL_OPEN !== "true") throw error;
    console.error(JSON.stringify({ event: "quota_failed_open", reason: toLogged(error.cause) }));
    const { plan } = choosePlan(admission.catalog, user.plan);
    if (!mayAsk(plan, admission.candidates[0])) throw notAllowed(plan, model);
    const candidates = reservedFor(admission, plan);
    const bound = boundOf(admission, plan, candidates);
    return admitted(admission, plan, candidates, createOpenLease(bound.output, boundAmounts(bound, bound.output)));
  }
}

function admitted<Candidate extends Asked>(
  { catalog }: Admission<Candidate>,
  plan: Plan,
  candidates: [Candidate, ...Candidate[]],
  lease: Lease,
): Admitted<Candidate> {
  return {
    lease,
    plan,
    candidates,
    // What was granted may be more than a candidate's own model can say.
    grantedTo: ({ model, exchange }) =>
      Math.min(lease.granted, toBound(exchange.demand, model.card, plan, catalog.min_output_tokens).output),
  };
}

async function requireCount(admission: Admission<Asked>): Promise<number> {
  const count = await admission.count();
  if (count !== undefined) return count;
  throw uncounted();
}

const uncounted = () =>
  apiError("provider_error", "The input could not be counted, so nothing was sent. Please try again.");

function tryReserve<Candidate extends Asked>(admission: Admission<Candidate>, name: string, exactInput?: number) {
  const { env, user, catalog, key } = admission;
  const [first] = admission.candidates;
  const { model } = first;
  const leaseMs = catalog.timing.total_ms + catalog.timing.lease_grace_ms;
  return underClaim(user, name, async (claim) => {
    const { plan } = choosePlan(catalog, claim.plan);
    const limits = toLimits(plan);
    if (!mayAsk(plan, first)) {
      // The claim may be for another plan than the user's, and only the user's object knows.
      const known = await callQuota(env, name, (object) => object.view(claim, limits));
      if (isRefused(known)) return known;
      throw notAllowed(plan, model);
    }
    // The count is the first one's.
    const candidates: [Candidate, ...Candidate[]] = exactInput === undefined ? reservedFor(admission, plan) : [first];
    const bound = boundOf(admission, plan, candidates, exactInput);
    const { exclusive } = first.exchange.demand;
    const reservation = { key, model: model.id, bound, leaseMs, exclusive };
    const result = await callQuota(env, name, (object) => object.reserve(claim, limits, reservation));
    return isRefused(result) ? result : { result, limits, plan, bound, candidates };
  });
}

const mayAsk = (plan: Plan, { model, exchange }: Asked) => exchange.isPolicys === true || isAllowed(plan, model);

/** Those that the plan allows, and that the same windows count as the first: a lease is in windows by one model. */
function reservedFor<Candidate extends Asked>(
  { candidates: [first, ...others] }: Admission<Candidate>,
  plan: Plan,
): [Candidate, ...Candidate[]] {
  const countAlike = (id: string) =>
    plan.windows.every((window) => countsModel(window, id) === countsModel(window, first.model.id));
  return [first, ...others.filter((other) => mayAsk(plan, other) && countAlike(other.model.id))];
}

function boundOf({ catalog }: Admission<Asked>, plan: Plan, candidates: Asked[], exactInput?: number): Bound {
  return widestBound(
    candidates.map(({ model, exchange: { demand } }) =>
      toBound({ ...demand, exactInput }, model.card, plan, catalog.min_output_tokens),
    ),
  );
}

/** What a request needs at the very least: the fewest tokens that its text could have, and the shortest answer. */
function leastOf(admission: Admission<Asked>, plan: Plan, counted?: number): Amounts {
  const [first] = admission.candidates;
  const least = boundOf(admission, plan, [first], counted ?? leastInput(first.exchange.demand));
  return boundAmounts(least, least.minOutput);
}

/** Whether the least would fit into every window, where the bound did not. */
function couldFit(result: ReserveResult & { ok: false }, model: string, least: Amounts): boolean {
  if (result.reason !== "window") return false;
  return result.view.windows.every((window) => !countsModel(window, model) || least[window.unit] <= window.left);
}
