// Policies as a catalog gives them, and what a classifier says.

import * as v from "valibot";
import { CATEGORIES, Policy } from "../../../../src/features/moderation/catalog.ts";
import type { ClassifierResult } from "../../../../src/features/moderation/classifier-wire.ts";

type Json = Record<string, unknown>;

/** A policy with every default that it does not name. */
export const policyOf = (changes: Json = {}): Policy => v.parse(Policy, changes);

const eachCategory = <Value>(value: (name: string) => Value) =>
  Object.fromEntries(CATEGORIES.map((name) => [name, value(name)]));

/** A classifier's result with those scores; what is above 0.5 is flagged, and every other score is nothing. */
export function resultOf(scores: Json = {}): ClassifierResult {
  const score = (name: string) => Number(scores[name] ?? 0);
  const categories = eachCategory((name) => score(name) > 0.5);
  return { flagged: Object.values(categories).includes(true), categories, category_scores: eachCategory(score) };
}

/** The judge's answer in JSON: each rule with its action. */
export const judgement = (actions: Record<string, string>, quote = ""): string =>
  JSON.stringify({ rules: Object.entries(actions).map(([name, action]) => ({ name, action, quote, why: "So." })) });
