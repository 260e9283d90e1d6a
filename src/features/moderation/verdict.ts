// The verdict: a policy's thresholds applied to a classifier's result. Pure.

import type { Action, Policy } from "./catalog.ts";
import { ACTIONS } from "./catalog.ts";
import type { ClassifierResult } from "./classifier-body.ts";
import { entry } from "../../core/catalog/schema.ts";

export interface CategoryVerdict {
  name: string;
  score: number;
  action: Action;
}

export interface Verdict {
  action: Action;
  /** The classifier's own flag, regardless of the policy. */
  flagged: boolean;
  /** The categories that are flagged or not allowed by the policy, the highest score first. */
  categories: CategoryVerdict[];
}

/**
 * Returns the verdict on one subject. A category of the policy is decided by its score. Any other category is decided
 * by the classifier's flag, with the policy's action `otherwise`.
 */
export function toVerdict(result: ClassifierResult, policy: Policy): Verdict {
  const names = new Set([...Object.keys(result.category_scores), ...Object.keys(result.categories)]);
  const categories = [...names].flatMap((name): CategoryVerdict[] => {
    const flagged = result.categories[name] === true;
    const score = entry(result.category_scores, name) ?? 0;
    const action = actionOn(name, score, flagged, policy);
    return flagged || action !== "allow" ? [{ name, score, action }] : [];
  });
  // A flag without any category counts as an unknown category.
  const unnamed = result.flagged && categories.length === 0 ? [policy.otherwise] : [];
  const action = worstAction([...categories.map((category) => category.action), ...unnamed]);
  return { action, flagged: result.flagged, categories: categories.toSorted((one, other) => other.score - one.score) };
}

function actionOn(name: string, score: number, flagged: boolean, policy: Policy): Action {
  const threshold = entry(policy.categories as Record<string, { from: number; action: Action }>, name);
  if (threshold) return score >= threshold.from ? threshold.action : "allow";
  return flagged ? policy.otherwise : "allow";
}

/** Returns the severest of the actions, or `allow` when there is none. */
export function worstAction(actions: Action[]): Action {
  return ACTIONS.findLast((action) => actions.includes(action)) ?? "allow";
}
