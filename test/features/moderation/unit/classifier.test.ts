// The classifier's requests for one subject, and the merged result of its parts.

import { describe, expect, it } from "vitest";
import type { ClassifierResult } from "../../../../src/features/moderation/classifier-wire.ts";
import { classify } from "../../../../src/features/moderation/classifier.ts";
import { bundledCatalog } from "../../../support/catalog-documents.ts";
import { playClassifier } from "../support/played-classifier.ts";
import { policyOf } from "../support/policies.ts";

const NOTHING: ClassifierResult = { flagged: false, categories: {}, category_scores: {} };
const image = (url: string) => ({ type: "image_url", image_url: { url } });

/** What comes of a text and pictures; `results` has the result on whatever contains its key. */
async function classified(text: string, images: string[], results: Record<string, Partial<ClassifierResult>> = {}) {
  const { env, asked } = playClassifier((input) => {
    const found = Object.entries(results).find(([part]) => input.includes(part));
    return Response.json({ results: [{ ...NOTHING, ...found?.[1] }] });
  });
  const signal = new AbortController().signal;
  const result = await classify(env, bundledCatalog(), policyOf(), { text, images }, signal);
  return { asked: asked.map(({ input }) => input), result };
}

describe("the classifier", () => {
  it.each([
    ["a text", "Hi", [], [["Hi"]]],
    ["a picture", "", ["one"], [[image("one")]]],
    ["a text and two pictures", "Hi", ["one", "two"], [["Hi"], [image("one")], [image("two")]]],
  ])("is asked about %s in as many calls as there are parts", async (_what, text, images, asked) => {
    expect((await classified(text, images)).asked).toEqual(asked);
  });

  it("is asked about one part by its snapshot", async () => {
    const { env, asked } = playClassifier();
    await classify(env, bundledCatalog(), policyOf(), { text: "Hi", images: [] }, new AbortController().signal);
    expect(asked).toEqual([{ model: "omni-moderation-2024-09-26", input: ["Hi"] }]);
  });
});

describe("the result on several parts", () => {
  it("has the worst of each category, wherever that was", async () => {
    const { result } = await classified("Hi", ["one", "two"], {
      Hi: { category_scores: { violence: 0.2, hate: 0.9 }, categories: { violence: false, hate: true }, flagged: true },
      one: { category_scores: { violence: 0.8, hate: 0.1 }, categories: { violence: true, hate: false } },
      two: { category_scores: { violence: 0.3, sexual: null }, categories: { violence: false, sexual: null } },
    });
    expect(result).toEqual({
      flagged: true,
      categories: { violence: true, hate: true, sexual: false },
      category_scores: { violence: 0.8, hate: 0.9, sexual: 0 },
    });
  });

  it.each(["Hi", "one", "two"])("is flagged where only one part is: %s", async (part) => {
    expect((await classified("Hi", ["one", "two"], { [part]: { flagged: true } })).result.flagged).toBe(true);
    expect((await classified("Hi", ["one", "two"])).result.flagged).toBe(false);
  });

  it("is none where the result on any part is none", async () => {
    const { env } = playClassifier((input) =>
      input.includes("two") ? Response.json({ results: [] }) : Response.json({ results: [NOTHING] }),
    );
    const subject = { text: "Hi", images: ["one", "two"] };
    const work = classify(env, bundledCatalog(), policyOf(), subject, new AbortController().signal);
    await expect(work).rejects.toThrow("0 verdicts on 1 inputs");
  });
});
