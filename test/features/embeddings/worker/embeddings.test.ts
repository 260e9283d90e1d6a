// POST /v1/embeddings in workerd: passed on unread, charged by the usage at its end, gated by the card.

import { TEMPLATE_TOKENS } from "../../../support/estimate.ts";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCatalog, createCatalogOf } from "../../../support/catalog.ts";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { emulate } from "../../../support/emulation.ts";
import { createUserOf } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/embeddings";
const MODEL = "text-embedding-3-small";
const embed = (input: unknown, more: object = {}) => ({ model: MODEL, input, ...more });

interface Embeddings {
  data: { index: number; embedding: number[] | string }[];
  usage: { prompt_tokens: number };
}

beforeAll(async () => void (await useCatalog(createCatalog())));
beforeEach(emulation.zero);

describe("an answer", () => {
  it("comes byte for byte as the provider wrote it, and costs its usage", async () => {
    const user = await createUser();
    const response = await user.post(PATH, embed(["a river", "a weir"], { dimensions: 4, encoding_format: "base64" }));
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("weir-model")).toBe(MODEL);
    const text = await response.text();
    expect(text).toMatch(/^\{"object":"list","data":\[\{"object":"embedding","index":0,"embedding":"[\w+/=]+"\},/);
    const { data, usage } = JSON.parse(text) as Embeddings;
    expect(data).toHaveLength(2);
    expect(await user.settled()).toEqual({ tokens: usage.prompt_tokens, requests: 1, reserved: 0 });
    expect((await emulation.stats()).last?.body).toEqual({
      model: MODEL,
      input: ["a river", "a weir"],
      dimensions: 4,
      encoding_format: "base64",
    });
  });

  it("to tokens costs them", async () => {
    const user = await createUser();
    const response = await user.post(PATH, embed([[1, 2, 3], [4]], { dimensions: 2 }));
    expect((await response.json<Embeddings>()).data.map(({ embedding }) => embedding.length)).toEqual([2, 2]);
    expect(await user.settled()).toEqual({ tokens: 4, requests: 1, reserved: 0 });
  });

  it("without usage costs an estimate of its text", async () => {
    const user = await createUser();
    const input = emulate({ no_usage: true });
    await (await user.post(PATH, embed(input, { dimensions: 2 }))).text();
    expect(await user.settled()).toEqual({ tokens: input.length + TEMPLATE_TOKENS, requests: 1, reserved: 0 });
  });

  it("without usage costs all tokens of its token arrays", async () => {
    const user = await createUserOf(() => Response.json({ object: "list", data: [] }));
    await (await user.post(PATH, embed([[1, 2, 3], [4]]))).text();
    expect(await user.settled()).toEqual({ tokens: 4 + TEMPLATE_TOKENS, requests: 1, reserved: 0 });
  });
});

describe("an answer that does not come to its end", () => {
  it("cuts the caller's connection, and costs an estimate", async () => {
    const user = await createUser();
    const inputs = [emulate({ cut_after: 2 }), "a river", "a weir", "a lake"];
    const response = await user.post(PATH, embed(inputs, { dimensions: 8 }));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    const { tokens, requests, reserved } = await user.settled();
    expect([requests, reserved]).toEqual([1, 0]);
    expect(tokens).toBeGreaterThan(0);
  });

  it.each([500, 429, 400])("since the provider refuses with %i, costs a request", async (status) => {
    const user = await createUser();
    const response = await user.post(PATH, embed(emulate({ status })));
    expect(response.status).toBeGreaterThanOrEqual(400);
    await errorOf(response);
    expect(await user.settled()).toEqual(ONLY_REQUESTS());
  });
});

describe("a request is refused before anything is sent", () => {
  it("when the model has no embeddings, naming those that have", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { model: "o4-mini", input: "a river" });
    expect(response.status).toBe(400);
    const { message, param } = await errorOf(response);
    expect([message, param]).toEqual([expect.stringContaining(MODEL), "model"]);
  });

  it("when its bound does not fit", async () => {
    await useCatalog(createCatalogOf({ windows: [{ unit: "tokens", per: "month", limit: 50 }] }));
    const user = await createUser();
    const response = await user.post(PATH, embed("x".repeat(9000)));
    expect(response.status).toBe(429);
    expect((await errorOf(response)).code).toBe("plan_limit_exceeded");
    await useCatalog(createCatalog());
    expect((await emulation.stats()).requests).toBe(0);
  });
});
