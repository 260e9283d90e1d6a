import { beforeEach, describe, expect, it } from "vitest";
import { dollarsOf, errorOf } from "../support/caller.ts";
import { createCatalog, createCatalogOf, toAlias } from "../support/catalog.ts";
import { createUserOf } from "../support/providers.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const PATH = "/v1/responses/input_tokens";
const QUESTION = { model: "o4-mini", input: "How long is the river?" };

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe("the count of an input's tokens", () => {
  it("is the provider's, and costs a request and no tokens", async () => {
    const user = await createUser();
    const response = await user.post(PATH, QUESTION);
    expect(response.status).toBe(200);
    const { object, input_tokens: count } = (await response.json()) as { object: string; input_tokens: number };
    expect(object).toBe("response.input_tokens");
    const answer = await (await user.post("/v1/responses", QUESTION)).text();
    expect(answer).toContain(`"input_tokens":${count},`);
    const asked = await createUser();
    await asked.post(PATH, QUESTION);
    expect(await asked.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
  });

  it("is asked with what the model is shown, and with nothing else", async () => {
    const aliases = { ...createCatalog().aliases, tutor: toAlias("o4-mini", { instructions: "Be kind." }) };
    await useCatalog({ ...createCatalog(), aliases });
    const body = {
      ...QUESTION,
      instructions: "Answer briefly.",
      tools: [{ type: "function", name: "look", parameters: {}, strict: false }],
      reasoning: { effort: "low" },
    };
    const unseen = { metadata: { screen: "home" }, user: "a-hash", max_output_tokens: 50, stream: true };
    expect((await (await createUser()).post(PATH, { ...body, ...unseen, model: "tutor" })).status).toBe(200);
    const { last } = await emulation.stats();
    expect(last?.path).toBe(PATH);
    expect(last?.body).toEqual({
      ...body,
      model: "o4-mini-2025-04-16",
      instructions: "Be kind.\n\nAnswer briefly.",
    });
  });

  it("costs no dollars, and is there for who has no tokens left", async () => {
    await useCatalog(
      createCatalogOf({
        windows: [
          { unit: "tokens", per: "month", limit: 0 },
          { unit: "usd", per: "month", limit: 0 },
        ],
      }),
    );
    const user = await createUser();
    expect((await user.post(PATH, QUESTION)).status).toBe(200);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect(dollarsOf(await user.usage())).toBe(0);
  });

  it("is a 429 for who has no requests left", async () => {
    await useCatalog(createCatalogOf({ windows: [{ unit: "requests", per: "month", limit: 1 }] }));
    const user = await createUser();
    expect((await user.post(PATH, QUESTION)).status).toBe(200);
    expect((await user.post(PATH, QUESTION)).status).toBe(429);
    expect((await emulation.stats()).requests).toBe(1);
  });

  it("is refused where the provider does not count", async () => {
    const catalog = createCatalog();
    const { openai } = catalog.providers;
    await useCatalog({ ...catalog, providers: { ...catalog.providers, openai: { ...openai, counts_input: false } } });
    const user = await createUser();
    const response = await user.post(PATH, QUESTION);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "unsupported_value", param: "model" });
    expect(error.message).toContain("the counting of tokens");
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect((await emulation.stats()).requests).toBe(0);
  });

  it.each([
    [500, 502, "provider_error"],
    [404, 404, "model_not_found"],
  ])("that the provider refuses with %i costs nothing", async (status, told, code) => {
    const user = await createUserOf(async () => new Response("{}", { status }));
    const response = await user.post(PATH, QUESTION);
    expect(response.status).toBe(told);
    expect(await errorOf(response)).toMatchObject({ code });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("is refused without a body that /v1/responses would take", async () => {
    const user = await createUser();
    for (const body of [{}, { ...QUESTION, surprise: 1 }, { ...QUESTION, model: "constructor" }]) {
      expect((await user.post(PATH, body)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await emulation.stats()).requests).toBe(0);
  });
});
