// Policies with their defaults, results of a classifier, and answers of a judge.

import * as v from "valibot";
import type { ClassifierResult } from "../../../../src/features/moderation/classifier-body.ts";
import type { Policy } from "../../../../src/features/moderation/catalog.ts";
import { CATEGORIES, policiesSection } from "../../../../src/features/moderation/catalog.ts";

type Json = Record<string, unknown>;

const Policies = v.object(policiesSection.root ?? {});

/** A policy with these fields and all other defaults. */
export const policyOf = (fields: Json = {}): Policy =>
  (v.parse(Policies, { policies: { own: fields } }) as { policies: { own: Policy } }).policies.own;

const eachCategory = <Value>(value: (name: string) => Value) =>
  Object.fromEntries(CATEGORIES.map((name) => [name, value(name)]));

/** A classifier's result with these scores and otherwise 0. Scores above 0.5 are flagged. */
export function resultOf(scores: Json = {}): ClassifierResult {
  const score = (name: string) => Number(scores[name] ?? 0);
  const categories = eachCategory((name) => score(name) > 0.5);
  return { flagged: Object.values(categories).includes(true), categories, category_scores: eachCategory(score) };
}

/** A judge's answer with the action for each rule. */
export const judgement = (actions: Record<string, string>, quote = ""): string =>
  JSON.stringify({ rules: Object.entries(actions).map(([name, action]) => ({ name, action, quote, why: "So." })) });
