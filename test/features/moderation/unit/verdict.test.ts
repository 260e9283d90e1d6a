// The verdict of a policy on a classifier's result.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIONS } from "../../../../src/features/moderation/catalog.ts";
import { toVerdict, worst } from "../../../../src/features/moderation/verdict.ts";
import { policyOf, resultOf } from "../support/policies.ts";

const violence = (from: number, action: string) => policyOf({ categories: { violence: { from, action } } });

describe("a category that the policy names", () => {
  it.each([
    [0.29, "allow"],
    [0.3, "block"],
    [0.31, "block"],
    [1, "block"],
  ])("goes by its score: %d is %s from 0.3 on", (score, action) => {
    expect(toVerdict(resultOf({ violence: score }), violence(0.3, "block")).action).toBe(action);
  });

  it("is allowed below its score though the classifier flags it, and is told", () => {
    const verdict = toVerdict(resultOf({ violence: 0.7 }), violence(0.9, "block"));
    const categories = [{ name: "violence", score: 0.7, action: "allow" }];
    expect(verdict).toEqual({ action: "allow", flagged: true, categories });
  });
});

describe("a category that the policy does not name", () => {
  it.each(["allow", "review", "block"] as const)("is %s where the policy says so of all others", (otherwise) => {
    const { action } = toVerdict(resultOf({ hate: 0.9 }), policyOf({ otherwise }));
    expect(action).toBe(otherwise);
  });

  it("is blocked where it says nothing, and allowed where it is not flagged", () => {
    expect(toVerdict(resultOf({ hate: 0.9 }), policyOf()).action).toBe("block");
    expect(toVerdict(resultOf({ hate: 0.49 }), policyOf())).toEqual({
      action: "allow",
      flagged: false,
      categories: [],
    });
  });

  it("may be new to us, or have no score", () => {
    const result = {
      flagged: true,
      categories: { novel: true, odd: null },
      category_scores: { novel: null, odd: 0.9 },
    };
    expect(toVerdict(result, policyOf()).categories).toEqual([{ name: "novel", score: 0, action: "block" }]);
  });

  it("may have the name of something that every object has", () => {
    const result = { flagged: false, categories: {}, category_scores: { constructor: 0.9 } };
    expect(toVerdict(result, policyOf()).action).toBe("allow");
  });
});

describe("what is flagged", () => {
  it("in a category without a score counts", () => {
    const result = { flagged: true, categories: { hate: true, violence: true }, category_scores: { violence: 0.2 } };
    expect(toVerdict(result, policyOf())).toEqual({
      action: "block",
      flagged: true,
      categories: [
        { name: "violence", score: 0.2, action: "block" },
        { name: "hate", score: 0, action: "block" },
      ],
    });
    expect(toVerdict({ ...result, category_scores: {} }, policyOf({ otherwise: "review" })).action).toBe("review");
  });

  it.each(["allow", "review", "block"] as const)(
    "in no category is what the policy says of others: %s",
    (otherwise) => {
      for (const categories of [{}, { hate: false }, { hate: null }]) {
        const verdict = toVerdict({ flagged: true, categories, category_scores: {} }, policyOf({ otherwise }));
        expect(verdict).toEqual({ action: otherwise, flagged: true, categories: [] });
      }
    },
  );
});

describe("a verdict", () => {
  it("is the severest of all, and tells the highest score first", () => {
    const policy = policyOf({ categories: { hate: { from: 0.1, action: "review" } }, otherwise: "block" });
    const { action, categories } = toVerdict(resultOf({ hate: 0.2, violence: 0.8, sexual: 0.9 }), policy);
    expect(action).toBe("block");
    expect(categories.map(({ name, action }) => [name, action])).toEqual([
      ["sexual", "block"],
      ["violence", "block"],
      ["hate", "review"],
    ]);
  });

  it("is never milder for a higher score", () => {
    const score = fc.double({ min: 0, max: 1, noNaN: true });
    const property = fc.property(score, score, score, fc.constantFrom(...ACTIONS), (from, one, other, action) => {
      const [low, high] = [one, other].toSorted((first, second) => first - second);
      const of = (violent: number) => toVerdict(resultOf({ violence: violent }), violence(from, action)).action;
      expect(ACTIONS.indexOf(of(high ?? 0))).toBeGreaterThanOrEqual(ACTIONS.indexOf(of(low ?? 0)));
    });
    fc.assert(property);
  });

  it("of several actions is the worst, in whatever order, and allow of none", () => {
    expect(worst([])).toBe("allow");
    const property = fc.property(fc.array(fc.constantFrom(...ACTIONS), { minLength: 1 }), (actions) => {
      const ranks = actions.map((action) => ACTIONS.indexOf(action));
      expect(worst(actions)).toBe(ACTIONS[Math.max(...ranks)]);
    });
    fc.assert(property);
  });
});
