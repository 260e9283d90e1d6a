// A second provider from the catalog: its address, key and headers, and what prevents a call to it.

import { beforeEach, describe, expect, it } from "vitest";
import type { Bindings } from "../../../../src/core/env.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { emulate } from "../../../support/emulation.ts";
import { createHouseCatalog, HOUSE_MODEL } from "../../../support/house.ts";
import { emulated, upstream } from "../../../support/providers.ts";
import { SLIM } from "../../../support/surface.ts";
import { bindings, createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const KEY = "emulated-key";

/** A user of a deployment with that provider; `sent` has the requests to all providers. */
async function deploy(changes: Partial<Bindings> & Record<string, unknown> = {}) {
  const sent: { url: string; headers: Record<string, string> }[] = [];
  const { UPSTREAM } = upstream((request) => {
    sent.push({ url: request.url, headers: Object.fromEntries(request.headers) });
    const { pathname } = new URL(request.url);
    return emulated(new Request(`http://provider${pathname.replace(/^\/api/, "")}`, request));
  });
  const variables = { PROVIDER_HOSTS: "api.openai.com models.house.test", HOUSE_API_KEY: KEY, UPSTREAM, ...changes };
  const user = await createUser(undefined, variables);
  const chat = (model = HOUSE_MODEL) => user.post(SLIM.path, { model, input: emulate({ tokens: 3 }), stream: false });
  return { ...user, chat, sent };
}

beforeEach(async () => {
  await useCatalog(createHouseCatalog());
  await emulation.zero();
});

describe("a second provider", () => {
  it("is called at its own address, with its own key, headers and output parameter", async () => {
    const user = await deploy();
    const response = await user.chat();
    expect(response.status).toBe(200);
    expect(response.headers.get("weir-model")).toBe(HOUSE_MODEL);
    const own = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
    expect(user.sent).toMatchObject([
      {
        url: "https://models.house.test/api/v1/chat/completions",
        headers: { ...own, "x-house-tenant": "weir", "x-title": "A starter" },
      },
    ]);
    const { last } = await emulation.stats();
    expect(last?.body).toMatchObject({ model: HOUSE_MODEL, max_tokens: 2000 });
    expect(last?.body).not.toHaveProperty("max_completion_tokens");
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it("never gets the other provider's key, and the other never gets its headers", async () => {
    const user = await deploy({ HOUSE_API_KEY: "house-key" });
    for (const model of [HOUSE_MODEL, "o4-mini"]) await (await user.chat(model)).text();
    const [house, openai] = user.sent;
    expect(house?.headers.authorization).toBe("Bearer house-key");
    expect(openai?.url).toBe("https://api.openai.com/v1/chat/completions");
    expect(openai?.headers.authorization).toBe(`Bearer ${bindings.OPENAI_API_KEY}`);
    expect(openai?.headers).not.toHaveProperty("x-house-tenant");
  });

  it.each([
    ["with a host that is not allowed", {}, { PROVIDER_HOSTS: "api.openai.com" }],
    ["on an allowed host's subdomain", { base_url: "https://other.models.house.test/v1" }, {}],
    ["without its key", {}, { HOUSE_API_KEY: "" }],
  ])("%s is not configured, and costs nothing", async (_, provider, changes) => {
    await useCatalog(createHouseCatalog(provider));
    const user = await deploy(changes);
    const response = await user.chat();
    expect(response.status).toBe(500);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "server_error", code: "not_configured" });
    expect(error.message).not.toMatch(/house|API_KEY/);
    expect(user.sent).toEqual([]);
    expect(await user.settled()).toEqual(NOTHING);
  });

  it("can have its address in a variable of the deployment, on any host", async () => {
    await useCatalog(createHouseCatalog({ base_url_variable: "HOUSE_BASE_URL" }));
    const user = await deploy({ HOUSE_BASE_URL: "https://attic.test/v1", PROVIDER_HOSTS: "api.openai.com" });
    expect((await user.chat()).status).toBe(200);
    expect(user.sent.map(({ url }) => url)).toEqual(["https://attic.test/v1/chat/completions"]);
  });
});
