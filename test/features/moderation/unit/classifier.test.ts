// The classifier's requests for one subject, and the merged result of its parts.

import { describe, expect, it, vi } from "vitest";
import type { ClassifierResult } from "../../../../src/features/moderation/classifier-body.ts";
import { classifierWay } from "../../../../src/features/moderation/classifier-body.ts";
import { classify } from "../../../../src/features/moderation/classifier.ts";
import { bundledCatalog, bundledModel } from "../../../support/catalog-documents.ts";
import { playClassifier } from "../support/played-classifier.ts";
import { policyOf } from "../support/policies.ts";

const NOTHING: ClassifierResult = { flagged: false, categories: {}, category_scores: {} };
const image = (url: string) => ({ type: "image_url", image_url: { url } });

/** The result for a text and images. The key of `results` is a part of the input; null stands for no result. */
async function classified(
  text: string,
  images: string[],
  results: Record<string, Partial<ClassifierResult> | null> = {},
) {
  const { env, asked } = playClassifier((input) => {
    const found = Object.entries(results).find(([part]) => input.includes(part));
    return Response.json({ results: found?.[1] === null ? [] : [{ ...NOTHING, ...found?.[1] }] });
  });
  const signal = new AbortController().signal;
  const result = await classify(env, bundledCatalog(), policyOf(), { text, images }, signal);
  return { asked, result };
}

describe("the classifier", () => {
  it.each([
    ["a text", "Hi", [], [["Hi"]]],
    ["an image", "", ["one"], [[image("one")]]],
    ["a text and two images", "Hi", ["one", "two"], [["Hi"], [image("one")], [image("two")]]],
  ])("gets one request for each part of %s, with its snapshot", async (_what, text, images, inputs) => {
    const { asked } = await classified(text, images);
    expect(asked).toEqual(inputs.map((input) => ({ model: "omni-moderation-2024-09-26", input })));
  });
});

it.each(["caller", "policy"] as const)("the metered classifier has 10 s (chosen by the %s)", (chosenBy) => {
  const way = classifierWay(chosenBy, 1, () => "", vi.fn());
  expect(way.prepare(bundledModel("omni-moderation-latest"), bundledCatalog()).ask.maxMs).toBe(10_000);
});

describe("the result for several parts", () => {
  it("has the highest score and any flag of each category", async () => {
    const { result } = await classified("Hi", ["one", "two"], {
      Hi: { category_scores: { violence: 0.2, hate: 0.9 }, categories: { violence: false, hate: true } },
      one: { category_scores: { violence: 0.8, hate: 0.1 }, categories: { violence: true, hate: false } },
      two: { category_scores: { violence: 0.3, sexual: null }, categories: { violence: false, sexual: null } },
    });
    expect(result).toEqual({
      flagged: false,
      categories: { violence: true, hate: true, sexual: false },
      category_scores: { violence: 0.8, hate: 0.9, sexual: 0 },
    });
  });

  it.each(["Hi", "one", "two"])("is flagged when only '%s' is flagged", async (part) => {
    expect((await classified("Hi", ["one", "two"], { [part]: { flagged: true } })).result.flagged).toBe(true);
  });

  it("is an error when one part has no result", async () => {
    const work = classified("Hi", ["one", "two"], { two: null });
    await expect(work).rejects.toThrow("0 classifier results for 1 inputs");
  });
});
