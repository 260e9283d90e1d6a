// POST /v1/responses/input_tokens: the provider's count of an input, for a request and no tokens.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog, createCatalogOf, toAlias } from "../../../support/catalog.ts";
import { createUserOf } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/responses/input_tokens";
const QUESTION = { model: "o4-mini", input: "How long is the river?" };

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe("a count", () => {
  it("is the provider's, and costs a request and no tokens", async () => {
    const user = await createUser();
    const response = await user.post(PATH, QUESTION);
    expect(response.status).toBe(200);
    const { object, input_tokens: count } = (await response.json()) as { object: string; input_tokens: number };
    expect(object).toBe("response.input_tokens");
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
    expect(await (await user.post("/v1/responses", QUESTION)).text()).toContain(`"input_tokens":${count},`);
  });

  it("is of what the model is shown, and of nothing else", async () => {
    const aliases = { ...createCatalog().aliases, tutor: toAlias("o4-mini", { instructions: "Be kind." }) };
    await useCatalog({ ...createCatalog(), aliases });
    const shown = {
      ...QUESTION,
      tools: [{ type: "function", name: "look", parameters: {}, strict: false }],
      reasoning: { effort: "low" },
    };
    const unseen = { metadata: { screen: "home" }, max_output_tokens: 50, stream: true };
    const body = { ...shown, ...unseen, model: "tutor", instructions: "Answer briefly." };
    expect((await (await createUser()).post(PATH, body)).status).toBe(200);
    const { last } = await emulation.stats();
    expect(last?.path).toBe(PATH);
    const instructions = "Be kind.\n\nAnswer briefly.";
    expect(last?.body).toEqual({ ...shown, model: "o4-mini-2025-04-16", instructions });
  });

  it("is there for a user without tokens, and not for one without requests", async () => {
    const requests = { unit: "requests", per: "month", limit: 1 } as const;
    await useCatalog(createCatalogOf({ windows: [{ ...requests, unit: "tokens", limit: 0 }, requests] }));
    const user = await createUser();
    expect((await user.post(PATH, QUESTION)).status).toBe(200);
    expect((await user.post(PATH, QUESTION)).status).toBe(429);
    expect((await emulation.stats()).requests).toBe(1);
  });

  it("is refused where the provider does not count", async () => {
    const catalog = createCatalog();
    const { openai } = catalog.providers;
    await useCatalog({ ...catalog, providers: { ...catalog.providers, openai: { ...openai, counts_input: false } } });
    const response = await (await createUser()).post(PATH, QUESTION);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "unsupported_value", param: "model" });
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("that the provider refuses costs nothing", async () => {
    const user = await createUserOf(() => new Response("{}", { status: 500 }));
    expect((await user.post(PATH, QUESTION)).status).toBe(502);
    expect(await user.settled()).toEqual(NOTHING);
  });
});
