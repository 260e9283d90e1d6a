// The budget of the whole deployment: one ledger for all users, with the same charges as theirs.
// Most requests draw from the isolate's allotment. Others reserve in parallel with the user's quota.

import type { Catalog } from "../catalog/schema.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { setNewest } from "../bounded-map.ts";
import type { Bindings } from "../env.ts";
import type { RefusedClaim } from "./account.ts";
import type { Bound } from "./bound.ts";
import { boundAmounts } from "./bound.ts";
import { openBudgetHolding } from "./budget-holding.ts";
import type { BudgetResult } from "./budget-ledger.ts";
import { BUDGET_NAME, callBudget } from "./budget-object.ts";
import { toBudgetError } from "./budget-refusal.ts";
import type { Reservation, ReserveResult } from "./ledger.ts";
import { toBudgetLimits } from "./limits.ts";
import type { QuotaView } from "./view.ts";

/** For this time after a refusal, the object that refused is asked first, and the other one only after a grant. */
const ASKED_FIRST_MS = 60_000;
const MAX_REFUSED = 1000;

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
   * Ends when both objects have answered or failed.
   */
  reserve<Result extends UserResult>(
    user: UserReservation<Result>,
    reservation: Reservation,
  ): Promise<{ result: Result; granted: number }>;
  /** Settles with the user's charge and its excess over the bound. Does not wait for the result. */
  settle(charge: Amounts, excess?: Amounts): void;
  /** Gives the reservation back, if there may be one. Call it when `reserve` has ended. */
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
  /** Another request settles this one, perhaps in another isolate. */
  isSettledElsewhere?: boolean;
}

/** Objects that refused lately, by name, each with the time until which it is asked first (epoch ms). */
const refusedUntil = new Map<string, number>();

/** Opens the share of the request that reserves with this key. */
export function openBudgetShare(context: BudgetContext, key: string): BudgetShare {
  const limits = toBudgetLimits(context.catalog);
  if (!limits) return UNLIMITED;
  const holding = openBudgetHolding({ isSettledElsewhere: false, ...context, limits }, key);
  let isFree = false;

  const askBudget = async (reservation: Reservation) => {
    const result = await holding.take(reservation);
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
        const asking = [askUser(), askBudget(reservation)] as const;
        // After a failure, the other result must arrive before anything is given back: it may open an allotment.
        await Promise.allSettled(asking);
        const [result, budget] = await Promise.all(asking);
        return conclude(user, result, budget, reservation);
      }
      const budget = askBudgetFirst ? requireGranted(await askBudget(reservation)) : undefined;
      const result = await askUser();
      if (!isGranted(result)) return { result, granted: 0 };
      return conclude(user, result, budget ?? (await askBudget(reservation)), reservation);
    },
    settle(charge, excess) {
      if (!isFree) holding.settle(charge, excess);
    },
    giveBack: () => holding.giveBack(),
  };

  function conclude<Result extends UserResult>(
    user: UserReservation<Result>,
    result: Result,
    budget: BudgetResult,
    reservation: Reservation,
  ): { result: Result; granted: number } {
    if (!isGranted(result)) return { result, granted: 0 };
    if (!budget.ok) user.giveBack();
    const { granted } = requireGranted(budget);
    // Both leases then cost the same if they expire.
    if (result.granted < granted) holding.lower(boundAmounts(reservation.bound, result.granted));
    return { result, granted };
  }
}

/** Returns the windows of the budget; undefined without a budget. */
export async function viewBudget(env: Bindings, catalog: Catalog): Promise<QuotaView | undefined> {
  const limits = toBudgetLimits(catalog);
  return limits && callBudget(env, (object) => object.inspect(limits));
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

function requireGranted(result: BudgetResult): BudgetResult & { ok: true } {
  if (result.ok) return result;
  throw toBudgetError(result);
}
