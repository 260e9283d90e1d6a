// POST /v1/moderations: OpenAI's own endpoint, for a request and no tokens.

import { beforeEach, describe, expect, it } from "vitest";
import { CATEGORIES } from "../../../../src/features/moderation/catalog.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/moderations";
const PICTURE = { type: "image_url", image_url: { url: "https://example.com/emulate-violence.png" } };

interface Answer {
  model: string;
  results: {
    flagged: boolean;
    categories: Record<string, boolean>;
    category_scores: Record<string, number>;
    category_applied_input_types: Record<string, string[]>;
  }[];
}

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe("a classification", () => {
  it.each([
    ["a text", "Hold emulate-violence-0.8 back.", [true]],
    ["texts, each by itself", ["The river is low.", "emulate-hate"], [false, true]],
  ])("of %s costs one request, and has every category", async (_what, input, flagged) => {
    const user = await createUser();
    const response = await user.post(PATH, { input });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("9999");
    const { model, results } = (await response.json()) as Answer;
    expect(model).toBe("omni-moderation-2024-09-26");
    expect(results.map((result) => result.flagged)).toEqual(flagged);
    for (const { categories, category_scores: scores } of results) {
      expect(Object.keys(categories).toSorted()).toEqual(CATEGORIES.toSorted());
      expect(Object.keys(scores).toSorted()).toEqual(CATEGORIES.toSorted());
    }
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it("of a text and an image has the classifier's own scores and kinds of input", async () => {
    const input = [{ type: "text", text: "emulate-violence-0.8" }, PICTURE];
    const response = await (await createUser()).post(PATH, { input, model: "omni-moderation-2024-09-26" });
    const [result] = (await response.json<Answer>()).results;
    expect(result?.category_scores.violence).toBe(0.97);
    expect(result?.category_applied_input_types).toMatchObject({ violence: ["text", "image"], hate: ["text"] });
  });

  it.each([
    ["with a model that does not classify", { input: "Hi", model: "o4-mini" }, 400, "unsupported_value", "model"],
    ["with an unknown model", { input: "Hi", model: "constructor" }, 404, "model_not_found", "model"],
    ["without an input", {}, 400, "invalid_request", "input"],
    ["with a part of an unknown kind", { input: [{ type: "audio" }] }, 400, "invalid_request", "input.0.type"],
    ["with an unknown field", { input: "Hi", stream: true }, 400, "unsupported_parameter", "stream"],
    ["whose classifier fails", { input: "emulate-moderation-status-500" }, 502, "provider_error", null],
  ])("%s is refused and costs nothing", async (_what, body, status, code, param) => {
    const user = await createUser();
    const response = await user.post(PATH, body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, param });
    expect(await user.settled()).toEqual(NOTHING);
  });
});
