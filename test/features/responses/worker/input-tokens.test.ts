// POST /v1/responses/input_tokens: the provider's count of the input, at the cost of a request and no tokens.

import { beforeEach, describe, expect, it } from "vitest";
import { ONLY_REQUESTS } from "../../../support/caller.ts";
import { createCatalog, createCatalogOf } from "../../../support/catalog.ts";
import { createUserOf } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/responses/input_tokens";
const QUESTION = { model: "o4-mini", input: "How long is the river?" };

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe("a count", () => {
  it("is the input of the answer, and costs a request and no tokens", async () => {
    const user = await createUser();
    const response = await user.post(PATH, QUESTION);
    expect(response.status).toBe(200);
    expect((await emulation.stats()).last?.path).toBe(PATH);
    const { object, input_tokens: count } = (await response.json()) as { object: string; input_tokens: number };
    expect(object).toBe("response.input_tokens");
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
    expect(await (await user.post("/v1/responses", QUESTION)).text()).toContain(`"input_tokens":${count},`);
  });

  it("needs room for a request, and none for tokens", async () => {
    const requests = { unit: "requests", per: "month", limit: 1 } as const;
    await useCatalog(createCatalogOf({ windows: [{ ...requests, unit: "tokens", limit: 0 }, requests] }));
    const user = await createUser();
    expect((await user.post(PATH, QUESTION)).status).toBe(200);
    expect((await user.post(PATH, QUESTION)).status).toBe(429);
    expect((await emulation.stats()).requests).toBe(1);
  });

  it("that the provider refuses costs a request", async () => {
    const user = await createUserOf(() => new Response("{}", { status: 500 }));
    expect((await user.post(PATH, QUESTION)).status).toBe(502);
    expect(await user.settled()).toEqual(ONLY_REQUESTS());
  });
});
