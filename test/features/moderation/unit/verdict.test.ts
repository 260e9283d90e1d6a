// The verdict of a policy on a classifier's result.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIONS } from "../../../../src/features/moderation/catalog.ts";
import { toVerdict, worstAction } from "../../../../src/features/moderation/verdict.ts";
import { policyOf, resultOf } from "../support/policies.ts";

const violence = (from: number, action: string) => policyOf({ categories: { violence: { from, action } } });

describe("a category with a threshold", () => {
  it.each([
    [0.29, "allow"],
    [0.3, "block"],
    [1, "block"],
  ])("is decided by its score: %d is %s from 0.3", (score, action) => {
    expect(toVerdict(resultOf({ violence: score }), violence(0.3, "block")).action).toBe(action);
  });

  it("below its threshold is allowed and reported when the classifier flags it", () => {
    const verdict = toVerdict(resultOf({ violence: 0.7 }), violence(0.9, "block"));
    const categories = [{ name: "violence", score: 0.7, action: "allow" }];
    expect(verdict).toEqual({ action: "allow", flagged: true, categories });
  });
});

describe("a category without a threshold", () => {
  it.each(ACTIONS)("gets `otherwise` when it is flagged: %s", (otherwise) => {
    const policy = policyOf({ otherwise });
    expect(toVerdict(resultOf({ hate: 0.9 }), policy).action).toBe(otherwise);
    expect(toVerdict(resultOf({ hate: 0.49 }), policy)).toEqual({ action: "allow", flagged: false, categories: [] });
    for (const categories of [{}, { hate: false }, { hate: null }]) {
      const unnamed = toVerdict({ flagged: true, categories, category_scores: {} }, policy);
      expect(unnamed).toEqual({ action: otherwise, flagged: true, categories: [] });
    }
  });

  it("can be unknown to Weir, have no score, or have the name of an object's property", () => {
    const categories = { novel: true, odd: null, constructor: true };
    const category_scores = { novel: null, odd: 0.9, toString: 0.9 };
    expect(toVerdict({ flagged: true, categories, category_scores }, policyOf()).categories).toEqual([
      { name: "novel", score: 0, action: "block" },
      { name: "constructor", score: 0, action: "block" },
    ]);
  });
});

describe("a verdict", () => {
  it("has the severest action, and the highest score first", () => {
    const policy = policyOf({ categories: { hate: { from: 0.1, action: "review" } }, otherwise: "block" });
    const { action, categories } = toVerdict(resultOf({ hate: 0.2, violence: 0.8, sexual: 0.9 }), policy);
    expect(action).toBe("block");
    expect(categories.map(({ name, action }) => [name, action])).toEqual([
      ["sexual", "block"],
      ["violence", "block"],
      ["hate", "review"],
    ]);
  });

  it("of several actions is the severest in any order, and `allow` of none", () => {
    expect(worstAction([])).toBe("allow");
    const property = fc.property(fc.array(fc.constantFrom(...ACTIONS), { minLength: 1 }), (actions) => {
      const ranks = actions.map((action) => ACTIONS.indexOf(action));
      expect(worstAction(actions)).toBe(ACTIONS[Math.max(...ranks)]);
    });
    fc.assert(property);
  });
});
