// Admission: from a demand to a lease. Takes the plan, the bound, the reservation, and a second try with an exact count.

import type { User } from "../auth/user.ts";
import { choosePlan, isAllowed, modelNotAllowed } from "../catalog/choose.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { amountOf, countsModel } from "../catalog/quota-window.ts";
import type { Model } from "../catalog/resolve.ts";
import type { Catalog, Plan } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { ApiError, apiError } from "../errors.ts";
import type { Demand } from "./bound.ts";
import { leastInput, toBound, widestBound } from "./bound.ts";
import { isRefused, underClaim } from "./claim.ts";
import { callQuota } from "./client.ts";
import type { Lease } from "./lease.ts";
import { createLease } from "./lease.ts";
import type { Bound, ReserveResult } from "./ledger.ts";
import { boundAmounts } from "./ledger.ts";
import { toLimits } from "./limits.ts";
import { quotaName } from "./name.ts";
import { busy, toQuotaError } from "./refusal.ts";

export interface Admission<Candidate extends Applicant> {
  env: Bindings;
  user: User;
  catalog: Catalog;
  /** The model that is asked, and those that are asked in its place when it fails. */
  candidates: [Candidate, ...Candidate[]];
  /** Names the reservation: the same for all tries, so that none can reserve beside another. */
  key: string;
  waitUntil: (work: Promise<unknown>) => void;
  /** Asks the provider for the exact count of the input's tokens; undefined when it cannot be had. */
  count(): Promise<number | undefined>;
}

/** What admission needs to know of a candidate. */
interface Applicant {
  model: Model;
  exchange: { ask: { demand: Demand; chosenByCatalog?: boolean } };
}

export interface Admitted<Candidate> {
  lease: Lease;
  /** The plan that the reservation was made under. */
  plan: Plan;
  /** The candidates that the reservation covers. */
  candidates: [Candidate, ...Candidate[]];
  /** The exact count of the first candidate's input, where it was needed for the bound. */
  exactInput: number | undefined;
  /** The output tokens that a candidate may be asked for, each choice. */
  grantedTo(candidate: Candidate): number;
}

/**
 * Reserves the most that a request can cost under its user's plan, whichever candidate answers. Throws 403
 * `model_not_allowed` or `user_blocked`, 429 `insufficient_quota`, and 503 `quota_unavailable`.
 */
export async function admit<Candidate extends Applicant>(
  admission: Admission<Candidate>,
): Promise<Admitted<Candidate>> {
  const { env, user, key, waitUntil } = admission;
  const name = await quotaName(user, env.QUOTA_PEPPER);
  const giveBack = () => waitUntil(callQuota(env, name, (object) => object.giveBack(key)).catch(() => undefined));
  try {
    return await reserveUnder(admission, name, giveBack);
  } catch (error) {
    // A reservation whose answer was lost would hold its lease, and then be charged.
    if (error instanceof ApiError && error.body.code === "quota_unavailable") giveBack();
    throw error;
  }
}

async function reserveUnder<Candidate extends Applicant>(
  admission: Admission<Candidate>,
  name: string,
  giveBack: () => void,
): Promise<Admitted<Candidate>> {
  const { env, catalog, key } = admission;
  const { model, exchange } = admission.candidates[0];
  const { demand } = exchange.ask;
  const counted = demand.needsCount ? await requireCount(admission) : undefined;
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
  if (!result.ok) throw toQuotaError(result, Date.now(), model.id, fewest, demand.exclusive?.busy);
  const { granted, view } = result;
  if (demand.exclusive !== undefined && counted !== undefined) {
    // Another request may have added to the input between the count and the reservation; from now on none does.
    const recounted = await admission.count();
    if (recounted !== counted) {
      giveBack();
      throw recounted === undefined ? notCounted() : busy(demand.exclusive.busy);
    }
  }
  return {
    lease: createLease(env, name, limits, { key, granted, view, bound: boundAmounts(bound, granted) }),
    plan,
    candidates,
    exactInput: counted,
    // The grant may be more than what a candidate's own model can say.
    grantedTo: ({ model: { card }, exchange: { ask } }) =>
      Math.min(granted, toBound(ask.demand, card, plan, catalog.min_output_tokens).output),
  };
}

async function requireCount(admission: Admission<Applicant>): Promise<number> {
  const count = await admission.count();
  if (count !== undefined) return count;
  throw notCounted();
}

const notCounted = () =>
  apiError("provider_error", "The input could not be counted, so nothing was sent. Please try again.");

function tryReserve<Candidate extends Applicant>(admission: Admission<Candidate>, name: string, exactInput?: number) {
  const { env, user, catalog, key } = admission;
  const [first] = admission.candidates;
  const { model } = first;
  const leaseMs = catalog.timing.total_ms + catalog.timing.lease_grace_ms;
  return underClaim(user, name, async (claim) => {
    const { plan } = choosePlan(catalog, claim.plan);
    const limits = toLimits(plan);
    if (!mayUse(plan, first)) {
      // The claim may be for another plan than the user's, and only the user's object knows.
      const seen = await callQuota(env, name, (object) => object.view(claim, limits));
      if (isRefused(seen)) return seen;
      throw modelNotAllowed(plan, model);
    }
    // An exact count is that of the first candidate.
    const candidates: [Candidate, ...Candidate[]] = exactInput === undefined ? coveredBy(admission, plan) : [first];
    const bound = boundOf(admission, plan, candidates, exactInput);
    const exclusive = first.exchange.ask.demand.exclusive?.key;
    const reservation = { key, model: model.id, bound, leaseMs, exclusive };
    const result = await callQuota(env, name, (object) => object.reserve(claim, limits, reservation));
    return isRefused(result) ? result : { result, limits, plan, bound, candidates };
  });
}

const mayUse = (plan: Plan, { model, exchange }: Applicant) =>
  exchange.ask.chosenByCatalog === true || isAllowed(plan, model);

/** The candidates that the plan allows, and that the same windows count as the first: a lease is for one model. */
function coveredBy<Candidate extends Applicant>(
  { candidates: [first, ...others] }: Admission<Candidate>,
  plan: Plan,
): [Candidate, ...Candidate[]] {
  const countAlike = (id: string) =>
    plan.windows.every((window) => countsModel(window, id) === countsModel(window, first.model.id));
  return [first, ...others.filter((other) => mayUse(plan, other) && countAlike(other.model.id))];
}

function boundOf({ catalog }: Admission<Applicant>, plan: Plan, candidates: Applicant[], exactInput?: number): Bound {
  return widestBound(
    candidates.map(({ model, exchange: { ask } }) => {
      const demand = exactInput === undefined ? ask.demand : { ...ask.demand, exactInput };
      return toBound(demand, model.card, plan, catalog.min_output_tokens);
    }),
  );
}

/** What a request needs at least: the fewest tokens that its text can have, and the shortest answer. */
function leastOf(admission: Admission<Applicant>, plan: Plan, counted?: number): Amounts {
  const [first] = admission.candidates;
  const least = boundOf(admission, plan, [first], counted ?? leastInput(first.exchange.ask.demand));
  return boundAmounts(least, least.minOutput);
}

/** Whether the least would fit into every window, where the bound did not. */
function couldFit(result: ReserveResult & { ok: false }, model: string, least: Amounts): boolean {
  if (result.reason !== "window") return false;
  return result.view.windows.every(
    (window) => !countsModel(window, model) || amountOf(least, window.unit) <= window.left,
  );
}
