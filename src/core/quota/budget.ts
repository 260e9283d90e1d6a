// The budget of the whole deployment: one ledger for all users, with the same reservations and charges as theirs.
// It is reserved in parallel with the user's quota, so it costs no second round trip.

import type { Catalog } from "../catalog/schema.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { windowKey } from "../catalog/quota-window.ts";
import { setNewest } from "../bounded-map.ts";
import type { Bindings } from "../env.ts";
import type { ApiError } from "../errors.ts";
import { apiError, toApiError } from "../errors.ts";
import { toLogged } from "../log.ts";
import type { RefusedClaim } from "./account.ts";
import { callQuota } from "./client.ts";
import type { Bound } from "./bound.ts";
import type { Reservation, ReserveResult } from "./ledger.ts";
import { fromAmount, toLimits } from "./limits.ts";
import type { Limits, QuotaView } from "./view.ts";

/** The name of the budget's object. No user's object has it: those begin with "q1:". */
const BUDGET_NAME = "budget";
/** For this time after a refusal, the object that refused is asked first, and the other one only after a grant. */
const ASKED_FIRST_MS = 60_000;
const MAX_REFUSED = 1000;
const LOG_EVERY_MS = 60_000;

type UserResult = ReserveResult | RefusedClaim;

/** A reservation in a user's object. */
interface UserReservation<Result extends UserResult> {
  /** The object's name. */
  name: string;
  reserve(): Promise<Result>;
  giveBack(): void;
}

/** The part of the budget that one request uses. */
export interface BudgetShare {
  /**
   * Reserves for the user and in the budget, at the same time. Returns the user's result, and the output tokens that
   * the budget grants per choice. Throws 503 `budget_exhausted` when only the budget is used up.
   */
  reserve<Result extends UserResult>(
    user: UserReservation<Result>,
    reservation: Reservation,
  ): Promise<{ result: Result; granted: number }>;
  /** Settles with the user's charge. Does not wait for the result. */
  settle(charge: Amounts): void;
  /** Gives the reservation back, if there may be one. */
  giveBack(): void;
}

/** For a catalog without a budget. */
const UNLIMITED: BudgetShare = {
  reserve: async (user) => ({ result: await user.reserve(), granted: Infinity }),
  settle: () => undefined,
  giveBack: () => undefined,
};

interface BudgetContext {
  env: Bindings;
  catalog: Catalog;
  waitUntil: (work: Promise<unknown>) => void;
}

/** Objects that refused lately, by name, each with the time until which it is asked first (epoch ms). */
const refusedUntil = new Map<string, number>();
let loggedAt = 0;

/** Opens the share of the request that reserves with this key. */
export function openBudgetShare({ env, catalog, waitUntil }: BudgetContext, key: string): BudgetShare {
  const limits = budgetLimits(catalog);
  if (!limits) return UNLIMITED;
  let mayBeHeld = false;
  let isFree = false;

  const replace = async (reservation: Reservation): Promise<ReserveResult> => {
    const wasHeld = mayBeHeld;
    // Until the result has arrived, the reservation may exist.
    mayBeHeld = true;
    const { model, bound, leaseMs } = reservation;
    const result = await callQuota(env, BUDGET_NAME, (object) =>
      object.replaceReservation(limits, { key, model, bound, leaseMs }),
    );
    mayBeHeld = wasHeld || result.ok;
    remember(BUDGET_NAME, !result.ok && result.reason === "window");
    return result;
  };

  return {
    async reserve(user, reservation) {
      isFree = isFreeBound(reservation.bound);
      if (isFree) return UNLIMITED.reserve(user, reservation);
      const askUser = async () => {
        const result = await user.reserve();
        remember(user.name, !isGranted(result) && !isOtherPlan(result));
        return result;
      };
      const askBudgetFirst = isRefusing(BUDGET_NAME);
      if (!askBudgetFirst && !isRefusing(user.name)) {
        const [result, budget] = await Promise.all([askUser(), replace(reservation)]);
        return conclude(user, result, budget, reservation);
      }
      const budget = askBudgetFirst ? requireGranted(await replace(reservation)) : undefined;
      const result = await askUser();
      if (!isGranted(result)) return { result, granted: 0 };
      return conclude(user, result, budget ?? (await replace(reservation)), reservation);
    },
    settle(charge) {
      if (isFree) return;
      const settling = callQuota(env, BUDGET_NAME, (object) => object.settle(limits, { key, charge }));
      waitUntil(settling.catch((error: unknown) => logFailedSettlement(key, charge, error)));
    },
    giveBack() {
      if (mayBeHeld) waitUntil(callQuota(env, BUDGET_NAME, (object) => object.giveBack(key)).catch(() => undefined));
    },
  };

  function conclude<Result extends UserResult>(
    user: UserReservation<Result>,
    result: Result,
    budget: ReserveResult,
    reservation: Reservation,
  ): { result: Result; granted: number } {
    if (!isGranted(result)) return { result, granted: 0 };
    if (!budget.ok) user.giveBack();
    const { granted } = requireGranted(budget);
    if (result.granted < granted) {
      // Both leases then cost the same if they expire.
      const bound = { ...reservation.bound, output: result.granted, minOutput: 0 };
      waitUntil(replace({ ...reservation, bound }).catch(() => undefined));
    }
    return { result, granted };
  }
}

/** Returns the windows of the budget; undefined without a budget. */
export async function viewBudget(env: Bindings, catalog: Catalog): Promise<QuotaView | undefined> {
  const limits = budgetLimits(catalog);
  return limits && callQuota(env, BUDGET_NAME, (object) => object.inspect(limits));
}

function budgetLimits({ budget }: Catalog): Limits | undefined {
  return budget && toLimits({ windows: budget.windows, concurrent: Number.MAX_SAFE_INTEGER });
}

const isGranted = <Result extends object>(result: Result): result is Result & { ok: true; granted: number } =>
  "ok" in result && result.ok === true;

const isFreeBound = ({ input, output, inputNanoUsd, outputNanoUsd }: Bound) =>
  input + output + inputNanoUsd + outputNanoUsd === 0;

/** The user's object returned another plan, under which the request is tried again. */
const isOtherPlan = (result: UserResult) => "refusal" in result && result.refusal.reason === "plan";

const isRefusing = (name: string) => Date.now() < (refusedUntil.get(name) ?? 0);

function remember(name: string, isRefused: boolean): void {
  if (isRefused) setNewest(refusedUntil, name, Date.now() + ASKED_FIRST_MS, MAX_REFUSED);
  else refusedUntil.delete(name);
}

function requireGranted(result: ReserveResult): ReserveResult & { ok: true } {
  if (result.ok) return result;
  throw toBudgetError(result);
}

function toBudgetError(result: ReserveResult & { ok: false }): ApiError {
  if (result.reason !== "window") {
    return apiError("quota_unavailable", "This request was already settled. Please send it again.");
  }
  const { window, needed, retryAfterMs } = result;
  const isUsedUp = window.used + needed > window.limit;
  if (isUsedUp) logExhausted(window);
  const retryAfter = { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
  const headers = isUsedUp ? { ...retryAfter, "x-should-retry": "false" } : retryAfter;
  const message = "This service has used up its budget for now. Please try again later.";
  return apiError("budget_exhausted", message, { headers });
}

/** Logs one line a minute for the operator. */
function logExhausted(window: QuotaView["windows"][number]): void {
  if (Date.now() - loggedAt < LOG_EVERY_MS) return;
  loggedAt = Date.now();
  const [limit, used] = [window.limit, window.used].map((amount) => fromAmount(window.unit, amount));
  const resetAt = new Date(window.resetAt).toISOString();
  console.error(JSON.stringify({ event: "budget_exhausted", window: windowKey(window), limit, used, resetAt }));
}

function logFailedSettlement(key: string, charge: Amounts, error: unknown): void {
  const reason = toLogged(toApiError(error).cause);
  console.error(JSON.stringify({ event: "settle_failed", object: BUDGET_NAME, key, charge, reason }));
}
