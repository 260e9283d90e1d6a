import { beforeEach, describe, expect, it } from "vitest";
import type { Bindings } from "../../src/core/env.ts";
import { createCaller, errorOf } from "../support/caller.ts";
import { complete } from "../support/catalog-documents.ts";
import { emulate } from "../support/emulation.ts";
import { createHouseCatalog, HOUSE_MODEL as MODEL } from "../support/house.ts";
import { OPENAI, SLIM } from "../support/surface.ts";
import { bindings, createSend, createUser, emulation, useCatalog } from "../support/workerd.ts";

const KEY = "emulated-key";

/** The deployment of that provider, with a look at what is sent to whom. */
async function deploy(changes: Record<string, unknown> = {}) {
  const sent: { url: string; headers: Record<string, string> }[] = [];
  const UPSTREAM = {
    fetch(request: Request) {
      sent.push({ url: request.url, headers: Object.fromEntries(request.headers) });
      const { pathname } = new URL(request.url);
      return bindings.UPSTREAM?.fetch(new Request(`http://provider${pathname.replace(/^\/api/, "")}`, request));
    },
  };
  const variables = { PROVIDER_HOSTS: "api.openai.com models.house.test", HOUSE_API_KEY: KEY, ...changes };
  const user = await createUser();
  const deployed = { ...variables, UPSTREAM } as unknown as Partial<Bindings>;
  return { ...createCaller(createSend(deployed), user.token), sent };
}

const bodies = {
  [SLIM.path]: (model: string) => ({ model, input: emulate({ tokens: 3 }) }),
  [OPENAI.path]: (model: string) => ({
    model,
    messages: [{ role: "user", content: emulate({ tokens: 3 }) }],
    stream: true,
    stream_options: { include_usage: true },
  }),
};

beforeEach(async () => {
  await useCatalog(createHouseCatalog());
  await emulation.zero();
});

describe.each([
  [SLIM.path, SLIM],
  [OPENAI.path, OPENAI],
])("on %s, a second provider that is only data", (path, surface) => {
  const body = bodies[path] ?? (() => ({}));

  it("answers, at its own address, with its own key and its constant headers", async () => {
    const user = await deploy();
    const response = await user.post(path, body(MODEL));
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(surface.failure(text)).toBeUndefined();
    expect(response.headers.get("weir-model")).toBe(MODEL);
    expect(user.sent).toMatchObject([
      {
        url: "https://models.house.test/api/v1/chat/completions",
        headers: {
          authorization: `Bearer ${KEY}`,
          "content-type": "application/json",
          "x-house-tenant": "weir",
          "x-title": "A starter",
        },
      },
    ]);
    const { last } = await emulation.stats();
    expect(last?.body).toMatchObject({ model: MODEL, max_tokens: 2000 });
    expect(last?.body).not.toHaveProperty("max_completion_tokens");
    expect(await user.settled()).toEqual({ tokens: surface.tokens(text, true), requests: 1, reserved: 0 });
  });

  it("never gets the other provider's key, nor the other its headers", async () => {
    const user = await deploy({ HOUSE_API_KEY: "house-key" });
    for (const model of [MODEL, "o4-mini"]) await (await user.post(path, body(model))).text();
    const [house, openai] = user.sent;
    expect(house?.headers.authorization).toBe("Bearer house-key");
    expect(openai?.url).toBe("https://api.openai.com/v1/chat/completions");
    expect(openai?.headers.authorization).toBe(`Bearer ${bindings.OPENAI_API_KEY}`);
    expect(openai?.headers).not.toHaveProperty("x-house-tenant");
  });

  it.each([
    ["whose host is not allowed", {}, { PROVIDER_HOSTS: "api.openai.com" }],
    ["on another port of an allowed host", { base_url: "https://models.house.test:8443/v1" }, {}],
    ["on an allowed host's subdomain", { base_url: "https://other.models.house.test/v1" }, {}],
    ["that looks like an allowed host", { base_url: "https://models.house.test.evil.test/v1" }, {}],
    ["without its key", {}, { HOUSE_API_KEY: "" }],
    ["with a key that was never set", { key_variable: "ATTIC_API_KEY" }, {}],
  ])("%s is not configured, and nothing is sent nor charged", async (_, provider, changes) => {
    await useCatalog(createHouseCatalog(provider));
    const user = await deploy(changes);
    const response = await user.post(path, body(MODEL));
    expect(response.status).toBe(500);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "server_error", code: "not_configured" });
    expect(error.message).not.toMatch(/house|API_KEY/);
    expect(user.sent).toEqual([]);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("is not asked for an endpoint that it does not serve", async () => {
    await useCatalog(createHouseCatalog({ endpoints: ["responses"] }));
    const user = await deploy();
    const response = await user.post(path, body(MODEL));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "unsupported_value", param: "model" });
    expect(user.sent).toEqual([]);
  });

  it("can be where a deployment's own variable says, whatever the list of hosts", async () => {
    await useCatalog(createHouseCatalog({ base_url_variable: "HOUSE_BASE_URL" }));
    const user = await deploy({ HOUSE_BASE_URL: "https://attic.test/v1", PROVIDER_HOSTS: "api.openai.com" });
    const response = await user.post(path, body(MODEL));
    expect(response.status).toBe(200);
    await response.text();
    expect(user.sent.map(({ url }) => url)).toEqual(["https://attic.test/v1/chat/completions"]);
  });
});

describe("a successor at another provider", () => {
  it("answers for a model that has ended", async () => {
    const catalog = complete(createHouseCatalog());
    const { "o4-mini": ended, ...cards } = catalog.cards;
    const snapshots = { "o4-mini-2025-04-16": { shutdown_date: "2026-01-01", successor: MODEL } };
    await useCatalog({ ...catalog, cards: { ...cards, "o4-mini": { ...ended, snapshots } } });
    const user = await deploy();
    const response = await user.post(SLIM.path, bodies[SLIM.path]?.("o4-mini"));
    expect(response.status, await response.clone().text()).toBe(200);
    await response.text();
    expect(user.sent.map(({ url }) => new URL(url).host)).toEqual(["models.house.test"]);
    expect(response.headers.get("weir-model")).toBe(MODEL);
  });
});
