// The routes of the pages: the page of a model, the public cards, and the token of a development server.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createSend, createUser, send, useCatalog } from "../../../support/workerd.ts";

interface CardList {
  object: string;
  data: { id: string; card: { id: string; endpoints: { name: string; supported: boolean; served: boolean }[] } }[];
}

beforeEach(() => useCatalog(createCatalog()));

describe("GET /cards", () => {
  it("shows everybody the models that GET /v1/models shows users", async () => {
    const response = await send("/cards");
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("public, max-age=30");
    const publicly = await response.json();
    const user = await createUser();
    expect(publicly).toEqual(await (await user.get("/v1/models?cards=true")).json());
  });

  it("tells which endpoints this deployment serves", async () => {
    const { data } = (await (await send("/cards")).json()) as CardList;
    const endpoints = data.find(({ id }) => id === "o4-mini")?.card.endpoints ?? [];
    const of = (wanted: string) => endpoints.find(({ name }) => name === wanted);
    expect(of("chat_completions")).toMatchObject({ supported: true, served: true });
    expect(of("assistants")).toMatchObject({ supported: false, served: false });
    expect(endpoints.filter(({ supported, served }) => served && !supported)).toEqual([]);
  });

  it("is a 404 that names the route for users when the catalog switches it off", async () => {
    await useCatalog({ ...createCatalog(), pages: { public_cards: false } });
    const response = await send("/cards");
    expect(response.status).toBe(404);
    const { code, message } = await errorOf(response);
    expect(code).toBe("not_found");
    expect(message).toContain("GET /v1/models?cards=true");
    expect((await (await createUser()).get("/v1/models?cards=true")).status).toBe(200);
  });
});

describe("GET /models/:id", () => {
  it.each(["o4-mini", "meta-llama/llama-3.3:free", "no-such-model"])("is the page for %s", async (name) => {
    const response = await send(`/models/${name}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/html");
    const page = await response.text();
    expect(page).toContain('src="/model.js"');
    // Nothing of the address or the catalog gets into the page.
    expect(page).not.toContain(name);
  });

  it("has the headers of the pages", async () => {
    const { headers } = await send("/models/o4-mini");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers.get("x-robots-tag")).toBe("noindex");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });
});

describe("GET /development-token", () => {
  it("is empty without the variable", async () => {
    const response = await send("/development-token");
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
  });

  it("returns the token of a development server, and no cache stores it", async () => {
    const response = await createSend({ DEVELOPMENT_TOKEN: "a-token" } as object)("/development-token");
    expect(await response.json()).toEqual({ token: "a-token" });
    expect(response.headers.get("cache-control")).toBe("no-store");
  });
});
