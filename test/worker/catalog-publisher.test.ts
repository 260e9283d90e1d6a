import { beforeEach, describe, expect, it } from "vitest";
import bundled from "../../src/core/catalog/default.json" with { type: "json" };
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { asAdmin } from "../support/admin.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { edition, list, move, pointerInKv, put, startAnew, tryPut } from "../support/catalog-operator.ts";
import { ask, SLIM } from "../support/surface.ts";
import { bindings, createUser, send } from "../support/workerd.ts";

const REVISION = /^[0-9a-f]{16}$/;

beforeEach(startAnew);

/** The same document with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

async function chatRevision(): Promise<string | null> {
  const response = await ask(await createUser(), SLIM, { tokens: 1 }, false);
  expect(response.status).toBe(200);
  return response.headers.get("weir-revision");
}

const show = async (revision: string) => (await asAdmin(`/admin/catalog/${revision}`)).json();

const without = (name: keyof Catalog) => Object.fromEntries(Object.entries(edition(1)).filter(([key]) => key !== name));

const withPlan = (changes: object) => {
  const { plans } = edition(1);
  return { ...edition(1), plans: { ...plans, roomy: { ...plans.roomy, ...changes } } };
};

describe("PUT /admin/catalog", () => {
  it("answers 201 with the revision, which the next chat is had with", async () => {
    expect(await chatRevision()).toBe("bundled");
    const before = Date.now();
    const { revision, active, previous, canary, published_at, seen_everywhere_by } = await put(edition(1));
    expect(revision).toMatch(REVISION);
    expect({ active, previous, canary }).toEqual({ active: revision, previous: "bundled", canary: null });
    expect(Date.parse(published_at ?? "")).toBeGreaterThanOrEqual(before);
    expect(Date.parse(seen_everywhere_by ?? "") - Date.parse(published_at ?? "")).toBe(120_000);
    expect(await chatRevision()).toBe(revision);
    expect(await (await send("/healthz")).json()).toMatchObject({ revision });
  });

  it("gives the same revision to what says the same, whatever the order of its keys, and another to anything else", async () => {
    const { revision } = await put(edition(1));
    expect((await put(reversed(edition(1)))).revision).toBe(revision);
    expect((await put(edition(2))).revision).not.toBe(revision);
  });

  it("keeps what a rollback returns to when the active one is put again", async () => {
    const first = (await put(edition(1))).revision;
    await put(edition(2));
    expect(await put(edition(2))).toMatchObject({ previous: first });
  });

  it("with ?activate=false stores a revision that nobody gets until it is activated", async () => {
    const { revision, active, previous, published_at, history } = await put(edition(1), { activate: "false" });
    expect({ active, previous, published_at }).toEqual({ active: "bundled", previous: null, published_at: null });
    expect(history).toMatchObject([{ kind: "store", revision }]);
    expect(await pointerInKv()).toBeNull();
    expect(await chatRevision()).toBe("bundled");
    expect(await show(revision)).toEqual(edition(1));
    await move("activate", { revision });
    expect(await chatRevision()).toBe(revision);
  });

  it.each<[string, unknown, string[]]>([
    ["of another schema", { ...edition(1), schema: 2 }, ["schema:"]],
    ["with a field that no schema knows", { ...edition(1), surprise: 1 }, ["surprise:"]],
    ["without plans", without("plans"), ["plans:"]],
    [
      "with a limit that is no number",
      withPlan({ windows: [{ unit: "tokens", per: "day", limit: "many" }] }),
      ["plans.roomy.windows.0.limit:"],
    ],
    ["with a plan for a model that is not there", withPlan({ models: ["gone"] }), ["plans.roomy.models:"]],
    ["with a default plan that is not there", { ...edition(1), default_plan: "gone" }, ["default_plan:"]],
    [
      "with aliases that lead nowhere",
      { ...edition(1), aliases: { default: { target: "gone" }, other: { target: "default", fallback: ["lost"] } } },
      ["aliases.default.target:", "aliases.other.fallback:"],
    ],
    ["without a default alias", { ...edition(1), aliases: {} }, ["aliases.default:"]],
    [
      "with cards whose provider is not there",
      { ...edition(1), providers: {} },
      Object.keys(createCatalog().cards).map((id) => `cards.${id}.provider:`),
    ],
    [
      "with a provider that takes its key from another secret",
      { ...edition(1), providers: { openai: { base_url: "https://api.openai.com/v1", key_variable: "AUTH_SECRET" } } },
      ["providers.openai.key_variable:"],
    ],
  ])("refuses a document %s, naming each fault with its path, and nothing moves", async (_, document, paths) => {
    const response = await tryPut(document);
    expect(response.status).toBe(400);
    const { message, ...error } = await errorOf(response);
    expect(error).toEqual({ type: "invalid_request_error", param: null, code: "invalid_catalog" });
    for (const path of paths) expect(message).toContain(`\n${path}`);
    expect(await pointerInKv()).toBeNull();
    expect((await list()).history).toEqual([]);
    expect(await chatRevision()).toBe("bundled");
  });

  it.each([
    ["that is not JSON", "{", "invalid_json"],
    ["that is a list", "[]", "invalid_catalog"],
    ["that is empty", "", "invalid_json"],
  ])("refuses a body %s", async (_, body, code) => {
    const response = await asAdmin("/admin/catalog", { method: "PUT", body });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code });
  });

  it.each([
    [{ activate: "maybe" }, "invalid_request"],
    [{ activated: "false" }, "unsupported_parameter"],
    [{ note: "" }, "invalid_request"],
  ])("refuses a query like %j, so that a slip does not publish", async (query, code) => {
    const response = await tryPut(edition(1), query);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code });
    expect((await list()).history).toEqual([]);
  });
});

describe("GET /admin/catalog", () => {
  it("says before anything was published that the bundled catalog is active", async () => {
    expect(await list()).toEqual({
      active: "bundled",
      previous: null,
      canary: null,
      published_at: null,
      seen_everywhere_by: null,
      history: [],
    });
  });

  it("tells what was done, newest first, with time, author and note", async () => {
    const since = Date.now();
    const first = (await put(edition(1), { author: "ann", note: "more output" })).revision;
    const second = (await put(edition(2), { activate: "false" })).revision;
    await move("canary", { revision: second, percent: 2.5, author: "ben", note: "carefully" });
    await move("rollback", { author: "ann" });
    const { history } = await list();
    const moments = history.map(({ at }) => Date.parse(at));
    expect(moments).toEqual(moments.toSorted((one, other) => other - one));
    expect(moments.at(-1)).toBeGreaterThanOrEqual(since);
    expect(
      history.map(({ kind, revision, percent, author, note }) => ({ kind, revision, percent, author, note })),
    ).toEqual([
      { kind: "rollback", revision: first, author: "ann", note: null },
      { kind: "canary", revision: second, percent: 2.5, author: "ben", note: "carefully" },
      { kind: "store", revision: second, author: null, note: null },
      { kind: "activate", revision: first, author: "ann", note: "more output" },
    ]);
  });

  it("takes over a pointer that was set by hand", async () => {
    await bindings.CATALOG.put("catalog:current", JSON.stringify({ active: "by-hand" }));
    expect(await list()).toMatchObject({ active: "by-hand", history: [] });
  });
});

describe("GET /admin/catalog/:revision", () => {
  it("shows the document as it was put, under its revision and under what it is now", async () => {
    const first = (await put(edition(1))).revision;
    await put(edition(2));
    await put(edition(3), { activate: "false" });
    expect(await show(first)).toEqual(edition(1));
    expect(await show("active")).toEqual(edition(2));
    expect(await show("previous")).toEqual(edition(1));
    expect(await show("bundled")).toEqual(bundled);
  });

  it("shows the bundled one as active, and as previous, while there is no other", async () => {
    expect(await show("active")).toEqual(bundled);
    await put(edition(1));
    expect(await show("previous")).toEqual(bundled);
  });

  it("shows the canary's while there is one", async () => {
    expect((await asAdmin("/admin/catalog/canary")).status).toBe(404);
    const { revision } = await put(edition(1), { activate: "false" });
    await move("canary", { revision, percent: 1 });
    expect(await show("canary")).toEqual(edition(1));
  });

  it("is a 404 that says where to look for any other", async () => {
    const response = await asAdmin("/admin/catalog/0123456789abcdef");
    expect(response.status).toBe(404);
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "revision_not_found" });
    expect(error.message).toContain("GET /admin/catalog");
  });

  it("reads no other key of KV", async () => {
    for (const name of ["..%2Fcurrent", "a%20b", "current:x"]) {
      expect((await asAdmin(`/admin/catalog/${name}`)).status, name).toBe(400);
    }
  });
});
