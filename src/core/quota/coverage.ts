// Coverage: the candidates that one reservation covers, and their bound. Pure.

import { isAllowed } from "../catalog/choose.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { amountOf, countsModel } from "../catalog/quota-window.ts";
import type { Model } from "../catalog/resolve.ts";
import type { Catalog, Plan } from "../catalog/schema.ts";
import type { Bound, Demand } from "./bound.ts";
import { boundAmounts, minInputTokens, toBound, widestBound } from "./bound.ts";
import type { ReserveResult } from "./ledger.ts";

/** The part of a candidate that the quota uses. */
export interface QuotaCandidate {
  model: Model;
  exchange: { ask: { demand: Demand; chosenByCatalog?: boolean; remains?: "answer" | "work" | undefined } };
}

/** The candidates of a request and the facts that decide their bound. */
export interface Coverage<Candidate extends QuotaCandidate> {
  catalog: Catalog;
  /** The requested model, then its fallbacks. */
  candidates: [Candidate, ...Candidate[]];
  /** Provider requests beside that of a candidate, such as those of the gate. */
  otherRequests?: (plan: Plan, candidate: Candidate) => number;
}

/** Tests if the plan includes the model, or the catalog chose it. */
export const mayUse = (plan: Plan, { model, exchange }: QuotaCandidate) =>
  exchange.ask.chosenByCatalog === true || isAllowed(plan, model);

/** The candidates that the plan allows and that count in the same windows as the first: a lease has one model. */
export function coveredBy<Candidate extends QuotaCandidate>(
  { candidates: [first, ...others] }: Coverage<Candidate>,
  plan: Plan,
): [Candidate, ...Candidate[]] {
  const sameWindows = (id: string) =>
    plan.windows.every((window) => countsModel(window, id) === countsModel(window, first.model.id));
  return [first, ...others.filter((other) => mayUse(plan, other) && sameWindows(other.model.id))];
}

/** The bound that covers each of the candidates. */
export function boundOf<Candidate extends QuotaCandidate>(
  { catalog, otherRequests }: Coverage<Candidate>,
  plan: Plan,
  candidates: Candidate[],
  exactInput?: number,
): Bound {
  return widestBound(
    candidates.map((candidate) => {
      const { demand } = candidate.exchange.ask;
      const counted = exactInput === undefined ? demand : { ...demand, exactInput };
      const bound = toBound(counted, candidate.model.card, plan, catalog.min_output_tokens);
      return { ...bound, requests: bound.requests + (otherRequests?.(plan, candidate) ?? 0) };
    }),
  );
}

/** The least that a request needs: the fewest tokens that its input can have, and the shortest answer. */
export function minimumOf<Candidate extends QuotaCandidate>(
  coverage: Coverage<Candidate>,
  plan: Plan,
  counted?: number,
): Amounts {
  const [first] = coverage.candidates;
  const bound = boundOf(coverage, plan, [first], counted ?? minInputTokens(first.exchange.ask.demand));
  return boundAmounts(bound, bound.minOutput);
}

/** Tests if the minimum fits into every window, so that an exact count may help. */
export function couldFit(result: ReserveResult & { ok: false }, model: string, minimum: Amounts): boolean {
  if (result.reason !== "window") return false;
  return result.view.windows.every(
    (window) => !countsModel(window, model) || amountOf(minimum, window.unit) <= window.left,
  );
}
