// The part of the budget that one request holds: a draw from an allotment, or a reservation.

import type { Amounts } from "../catalog/quota-window.ts";
import { NO_AMOUNTS } from "../catalog/quota-window.ts";
import type { Bindings } from "../env.ts";
import type { Draw } from "./allotment.ts";
import { allotmentsOf } from "./allotments.ts";
import type { BudgetReservation, BudgetResult } from "./budget-ledger.ts";
import { budgetAmounts } from "./budget-ledger.ts";
import { callBudget, settleInBudget } from "./budget-object.ts";
import type { Limits } from "./view.ts";

interface HoldingContext {
  env: Bindings;
  limits: Limits;
  waitUntil: (work: Promise<unknown>) => void;
  /** Another request settles this one, perhaps in another isolate. */
  isSettledElsewhere: boolean;
}

export interface BudgetHolding {
  /** Takes the bound from the budget, in place of what the request holds. */
  take(reservation: BudgetReservation): Promise<BudgetResult>;
  /** Returns all but these amounts. Does not wait for the result, like the next two. */
  lower(bound: Amounts): void;
  settle(charge: Amounts, excess?: Amounts): void;
  /** Returns everything, if there may be anything. Call it when `take` has ended. */
  giveBack(): void;
}

/** Opens the holding of the request with this key. */
export function openBudgetHolding(context: HoldingContext, key: string): BudgetHolding {
  const { env, limits, waitUntil, isSettledElsewhere } = context;
  let draw: Draw | undefined;
  /** The keys that may be reserved in the budget's object. */
  let held: string[] = [];

  return {
    async take({ model, bound, leaseMs, job }) {
      draw?.settle(NO_AMOUNTS);
      const amounts = budgetAmounts(bound);
      const mayDraw = !isSettledElsewhere && held.length === 0;
      const allotments = mayDraw ? allotmentsOf({ env, limits, waitUntil }, model) : undefined;
      draw = allotments?.draw(amounts);
      if (draw) return { ok: true, granted: bound.output };
      const wanted = allotments?.want();
      const before = held;
      // Until the result has arrived, either reservation may exist.
      held = wanted ? [key, wanted.request.key] : [key];
      const reservation = { key, model, bound, leaseMs, job };
      const reserving = callBudget(env, (object) => object.reserveInBudget(limits, reservation, wanted?.request));
      const result = await reserving.finally(() => wanted?.answered());
      const allotted = result.ok ? result.allotted : undefined;
      draw = allotted && wanted?.open(allotted, amounts);
      held = result.ok && !draw ? [key] : before;
      return result;
    },
    lower(bound) {
      if (draw) draw.lower(bound);
      else waitUntil(callBudget(env, (object) => object.lower({ key, bound })).catch(() => undefined));
    },
    settle(charge, excess = NO_AMOUNTS) {
      if (draw) draw.settle(charge, excess);
      else waitUntil(settleInBudget(env, { key, charge, excess }));
    },
    giveBack() {
      draw?.settle(NO_AMOUNTS);
      draw = undefined;
      for (const each of held) waitUntil(callBudget(env, (object) => object.giveBack(each)).catch(() => undefined));
    },
  };
}
