// Admission: from a demand to a lease.
// Retries a refused reservation with an exact token count.

import type { User } from "../auth/user.ts";
import { choosePlan, modelNotAllowed } from "../catalog/choose.ts";
import type { Plan } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { ApiError, apiError } from "../errors.ts";
import { boundAmounts, toBound } from "./bound.ts";
import type { BudgetShare } from "./budget.ts";
import { openBudgetShare } from "./budget.ts";
import { isRefused, withClaim } from "./claim.ts";
import { callQuota } from "./client.ts";
import type { Coverage, QuotaCandidate } from "./coverage.ts";
import { boundOf, couldFit, coveredBy, mayUse, minimumOf } from "./coverage.ts";
import type { Lease } from "./lease.ts";
import { createLease } from "./lease.ts";
import { toLimits } from "./limits.ts";
import { loggedUser, quotaName } from "./name.ts";
import { busyError, toQuotaError } from "./refusal.ts";
import { spendRequests } from "./spend.ts";
import { unpackView } from "./view.ts";

export interface Admission<Candidate extends QuotaCandidate> extends Coverage<Candidate> {
  env: Bindings;
  user: User;
  /** The reservation's key. All tries share it, so that they cannot reserve twice. */
  key: string;
  /** The key of the running reservation that this one is part of. */
  partOf?: string | undefined;
  /** The job that the reservation pays for. */
  job?: ReservingJob | undefined;
  waitUntil: (work: Promise<unknown>) => void;
  /** A later request or an alarm may settle the reservation. The budget then reserves it by itself. */
  maySettleLate?: boolean;
  /** The provider can count the input of the first candidate. */
  canCount: boolean;
  /** Gets the exact input token count from the provider; undefined when it is not available. */
  count(): Promise<number | undefined>;
}

/** A job whose reservation lasts until it is settled, or for `leaseMs`. */
export interface ReservingJob {
  kind: string;
  leaseMs: number;
}

export interface Admitted<Candidate> {
  lease: Lease;
  /** The plan that the reservation was made under. */
  plan: Plan;
  planName: string;
  /** The user in log lines. */
  loggedAs: string;
  /** The candidates that the reservation covers. */
  candidates: [Candidate, ...Candidate[]];
  /** The exact input token count of the first candidate, when the bound used it. */
  exactInput: number | undefined;
  /** The output tokens granted to a candidate, per choice. */
  grantedTo(candidate: Candidate): number;
}

/**
 * Reserves the bound of a request under its user's plan, for whichever candidate answers. Throws 401 `invalid_api_key`
 * (revoked token), 403 `model_not_allowed` or `user_blocked`, 429 (see refusal.ts), 502 `provider_error` (input not
 * counted), and 503 `quota_unavailable` or `budget_exhausted`.
 */
export async function admit<Candidate extends QuotaCandidate>(
  admission: Admission<Candidate>,
): Promise<Admitted<Candidate>> {
  const { env, user, key, waitUntil } = admission;
  const name = await quotaName(user, env.QUOTA_PEPPER);
  const giveBack = () => waitUntil(callQuota(env, name, (object) => object.giveBack(key)).catch(() => undefined));
  // A later request also settles work that goes on at the provider.
  const isSettledElsewhere = admission.maySettleLate || admission.candidates[0].exchange.ask.remains === "work";
  const share = openBudgetShare({ ...admission, isSettledElsewhere }, key);
  try {
    return await reserveUnder(admission, { name, share, giveBack });
  } catch (error) {
    share.giveBack();
    // The reservation may exist although its result was lost. Without this, its lease would expire and be charged.
    if (error instanceof ApiError && error.body.code === "quota_unavailable") giveBack();
    throw error;
  }
}

/** Where a request is reserved: in its user's object, and in the budget. */
interface Place {
  name: string;
  share: BudgetShare;
  giveBack: () => void;
}

async function reserveUnder<Candidate extends QuotaCandidate>(
  admission: Admission<Candidate>,
  place: Place,
): Promise<Admitted<Candidate>> {
  const { env, catalog, key } = admission;
  const { model, exchange } = admission.candidates[0];
  const { demand } = exchange.ask;
  const count = () => countFor(admission);
  const counted = demand.needsCount ? await requireCount(count) : undefined;
  let exactInput = counted;
  let reserved = await tryReserve(admission, place, counted);
  let minimum = minimumOf(admission, reserved.plan, counted);
  if (!reserved.result.ok && counted === undefined && couldFit(reserved.result, model.id, minimum)) {
    exactInput = await count();
    if (exactInput !== undefined) {
      reserved = await tryReserve(admission, place, exactInput);
      minimum = boundAmounts(reserved.bound, reserved.bound.minOutput);
    }
  }
  const { result, budgeted, limits, plan, planName, bound, candidates } = reserved;
  if (!result.ok) throw toQuotaError(result, Date.now(), model.id, minimum, demand.exclusive?.busyMessage);
  const { view } = result;
  const granted = Math.min(result.granted, budgeted);
  if (demand.exclusive !== undefined && counted !== undefined) {
    // Another request can add stored input until this reservation. Refuse if the count has changed.
    // Not counted as a request: it follows a granted reservation, which is one.
    const recounted = await admission.count();
    if (recounted !== counted) {
      place.giveBack();
      throw recounted === undefined ? inputNotCountedError() : busyError(demand.exclusive.busyMessage);
    }
  }
  return {
    lease: createLease(env, place, limits, { key, granted, view, bound: boundAmounts(bound, granted) }),
    plan,
    planName,
    loggedAs: loggedUser(place.name),
    candidates,
    exactInput,
    // The grant can exceed the output limit of this candidate's model.
    grantedTo: ({ model: { card }, exchange: { ask } }) =>
      Math.min(granted, toBound(ask.demand, card, plan, catalog.min_output_tokens).output),
  };
}

/** Gets the exact count, which counts as a request. Throws 429 when a window of requests is used up. */
async function countFor<Candidate extends QuotaCandidate>(
  admission: Admission<Candidate>,
): Promise<number | undefined> {
  if (!admission.canCount) return undefined;
  await spendRequests(admission, 1, admission.candidates[0].model.id);
  return admission.count();
}

async function requireCount(count: () => Promise<number | undefined>): Promise<number> {
  const counted = await count();
  if (counted !== undefined) return counted;
  throw inputNotCountedError();
}

const inputNotCountedError = () =>
  apiError("provider_error", "The input could not be counted, so nothing was sent. Please try again.");

function tryReserve<Candidate extends QuotaCandidate>(
  admission: Admission<Candidate>,
  { name, share, giveBack }: Place,
  exactInput?: number,
) {
  const { env, user, catalog, key, partOf, job } = admission;
  const [first] = admission.candidates;
  const { model } = first;
  const leaseMs = job?.leaseMs ?? catalog.timing.total_ms + catalog.timing.lease_grace_ms;
  return withClaim(user, name, async (claim) => {
    const { name: planName, plan } = choosePlan(catalog, claim.plan);
    const limits = toLimits(plan);
    if (!mayUse(plan, first)) {
      // The user may have another plan than the claimed one; only the user's object stores it.
      const result = await callQuota(env, name, (object) => object.view(claim, limits));
      if (isRefused(result)) return result;
      throw modelNotAllowed(plan, model);
    }
    // The exact count is valid for the first candidate only.
    const candidates: [Candidate, ...Candidate[]] = exactInput === undefined ? coveredBy(admission, plan) : [first];
    const bound = boundOf(admission, plan, candidates, exactInput);
    const exclusive = first.exchange.ask.demand.exclusive?.key;
    const reservation = { key, model: model.id, bound, leaseMs, exclusive, partOf, job: job?.kind };
    const reserve = async () => {
      const reserved = await callQuota(env, name, (object) => object.reserve(claim, limits, reservation));
      return isRefused(reserved) ? reserved : { ...reserved, view: unpackView(reserved.view, limits) };
    };
    const { result, granted: budgeted } = await share.reserve({ name, reserve, giveBack }, reservation);
    return isRefused(result) ? result : { result, budgeted, limits, plan, planName, bound, candidates };
  });
}
