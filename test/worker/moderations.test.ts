import { beforeEach, describe, expect, it } from "vitest";
import { CATEGORIES } from "../../src/features/moderation/catalog.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const PATH = "/v1/moderations";
const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
const PICTURE = { type: "image_url", image_url: { url: "https://example.com/emulate-violence.png" } };

interface Answer {
  id: string;
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

describe("POST /v1/moderations", () => {
  it.each([
    ["a text", "Hold emulate-violence-0.8 back.", [true]],
    ["texts, each by itself", ["The river is low.", "emulate-hate", "emulate-sexual-0.2"], [false, true, false]],
    ["the parts of one thing", [{ type: "text", text: "Look:" }, PICTURE], [true]],
  ])("judges %s", async (_what, input, flagged) => {
    const response = await (await createUser()).post(PATH, { input });
    expect(response.status).toBe(200);
    const { model, results } = (await response.json()) as Answer;
    expect(model).toBe("omni-moderation-2024-09-26");
    expect(results.map((result) => result.flagged)).toEqual(flagged);
    for (const { categories, category_scores: scores } of results) {
      expect(Object.keys(categories).toSorted()).toEqual(CATEGORIES.toSorted());
      expect(Object.keys(scores).toSorted()).toEqual(CATEGORIES.toSorted());
    }
  });

  it("answers with the classifier's own scores and kinds of input", async () => {
    const input = [{ type: "text", text: "emulate-violence-0.8" }, PICTURE];
    const response = await (await createUser()).post(PATH, { input, model: "omni-moderation-2024-09-26" });
    const { results } = (await response.json()) as Answer;
    const [result] = results;
    expect(result?.categories).toMatchObject({ violence: true, hate: false });
    expect(result?.category_scores.violence).toBe(0.97);
    expect(result?.category_applied_input_types).toMatchObject({ violence: ["text", "image"], hate: ["text"] });
  });

  it("costs one request and no tokens, and says what is left", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { input: ["emulate-violence", "Hello."] });
    await response.text();
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("9999");
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it("refuses a model that does not classify", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { input: "Hello.", model: "o4-mini" });
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "unsupported_value", param: "model" });
    expect(error.message).toContain("omni-moderation");
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("does not find a model that there is not", async () => {
    const response = await (await createUser()).post(PATH, { input: "Hello.", model: "constructor" });
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ code: "model_not_found", param: "model" });
  });

  it.each([
    ["without an input", {}, "invalid_request", "input"],
    ["with an empty list", { input: [] }, "invalid_request", "input"],
    ["with a number", { input: 7 }, "invalid_request", "input"],
    ["with a part of a kind that there is not", { input: [{ type: "audio" }] }, "invalid_request", "input.0.type"],
    [
      "with an image that is neither https nor data",
      { input: [{ type: "image_url", image_url: { url: "http://example.com/a.png" } }] },
      "invalid_request",
      "input.0.image_url.url",
    ],
    ["with a field that is not known", { input: "Hello.", stream: true }, "unsupported_parameter", "stream"],
  ])("%s is a 400 that names the field, and costs nothing", async (_what, body, code, param) => {
    const user = await createUser();
    const response = await user.post(PATH, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code, param });
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("is a 502 that costs nothing when the classifier fails", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { input: "emulate-moderation-status-500" });
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: "provider_error", type: "server_error" });
    expect(await user.settled()).toEqual(NOTHING);
  });
});
