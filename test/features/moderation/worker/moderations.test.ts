// POST /v1/moderations: OpenAI's endpoint, for a request and no tokens.

import { beforeEach, describe, expect, it } from "vitest";
import { CATEGORIES } from "../../../../src/features/moderation/catalog.ts";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/moderations";
const IMAGE = { type: "image_url", image_url: { url: "https://example.com/emulate-violence.png" } };

interface Answer {
  model: string;
  results: { flagged: boolean; category_scores: Record<string, number> }[];
}

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe("a classification", () => {
  it.each<[string, unknown, boolean[], number]>([
    ["a text", "Hold emulate-violence-0.8 back.", [true], 1],
    ["two texts", ["The river is low.", "emulate-hate"], [false, true], 2],
    ["a text and an image", [{ type: "text", text: "Low." }, IMAGE], [true], 2],
  ])("of %s is the provider's answer, and counts each entry as a request", async (_what, input, flagged, requests) => {
    const user = await createUser();
    const response = await user.post(PATH, { input });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe(String(10_000 - requests));
    const { model, results } = (await response.json()) as Answer;
    expect(model).toBe("omni-moderation-2024-09-26");
    expect(results.map((result) => result.flagged)).toEqual(flagged);
    for (const { category_scores: scores } of results)
      expect(Object.keys(scores).toSorted()).toEqual(CATEGORIES.toSorted());
    expect(await user.settled()).toEqual(ONLY_REQUESTS(requests));
    expect((await emulation.stats()).by_path).toEqual({ [PATH]: 1 });
  });

  it.each([
    ["a chat model", { input: "Hi", model: "o4-mini" }, 400, "unsupported_value", "model", 0],
    ["an unknown model", { input: "Hi", model: "constructor" }, 404, "model_not_found", "model", 0],
    ["no input", {}, 400, "invalid_request", "input", 0],
    ["an unknown part", { input: [{ type: "audio" }] }, 400, "invalid_request", "input.0.type", 0],
    ["an unknown field", { input: "Hi", stream: true }, 400, "unsupported_parameter", "stream", 0],
    ["a classifier that fails", { input: "emulate-moderation-status-500" }, 502, "provider_error", null, 1],
  ])("with %s is refused and costs only requests", async (_what, body, status, code, param, requests) => {
    const user = await createUser();
    const response = await user.post(PATH, body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, param });
    expect(await user.settled()).toEqual(ONLY_REQUESTS(requests));
  });
});
