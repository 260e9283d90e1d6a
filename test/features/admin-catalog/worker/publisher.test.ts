// /admin/catalog: publishing revisions, and reading them and their history.

import { beforeEach, describe, expect, it, vi } from "vitest";
import bundled from "../../../../src/core/catalog/default.json" with { type: "json" };
import { asAdmin } from "../../../support/admin.ts";
import { errorOf } from "../../../support/caller.ts";
import { publish } from "../../../support/catalog.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { bindings, startAnew } from "../../../support/workerd.ts";
import { edition, list, move, pointerInKv, put, revisionInUse, tryPut } from "../support/operator.ts";

beforeEach(startAnew);

const show = async (revision: string) => (await asAdmin(`/admin/catalog/${revision}`)).json();

const withDefault = (target: string) => ({ ...edition(1), aliases: { ...edition(1).aliases, default: { target } } });

describe("PUT /admin/catalog", () => {
  it("is a 201, and the next request uses the revision", async () => {
    expect(await revisionInUse()).toBe("bundled");
    const before = Date.now();
    const { revision, active, previous, canary, published_at, seen_everywhere_by } = await put(edition(1));
    expect(revision).toMatch(/^[0-9a-f]{16}$/);
    expect({ active, previous, canary }).toEqual({ active: revision, previous: "bundled", canary: null });
    expect(Date.parse(published_at ?? "")).toBeGreaterThanOrEqual(before);
    expect(Date.parse(seen_everywhere_by ?? "") - Date.parse(published_at ?? "")).toBe(120_000);
    expect(await revisionInUse()).toBe(revision);
  });

  it("with ?activate=false stores a revision without activating it", async () => {
    const { revision, active, published_at, history } = await put(edition(1), { activate: "false" });
    expect({ active, published_at }).toEqual({ active: "bundled", published_at: null });
    expect(history).toMatchObject([{ kind: "store", revision }]);
    expect(await pointerInKv()).toBeNull();
    expect(await revisionInUse()).toBe("bundled");
    await move("activate", { revision });
    expect(await revisionInUse()).toBe(revision);
  });

  const { openai } = edition(1).providers;
  const withProvider = (changes: object) => ({ ...edition(1), providers: { openai: { ...openai, ...changes } } });
  it.each<[string, unknown, string[]]>([
    ["with an unknown field", { ...edition(1), surprise: 1 }, ["\nsurprise:"]],
    [
      "with two faults",
      { ...edition(1), default_plan: "gone", aliases: {} },
      ["\naliases.default:", "\ndefault_plan:"],
    ],
    ["with a host that is not allowed", withProvider({ base_url: "https://evil.test/v1" }), ["providers.openai: "]],
    ["with a key that is not set", withProvider({ key_variable: "ATTIC_API_KEY" }), ["ATTIC_API_KEY is not set"]],
    [
      "with another secret as a key",
      withProvider({ key_variable: "AUTH_SECRET" }),
      ["\nproviders.openai.key_variable:"],
    ],
    ["without encryption", withProvider({ base_url: "http://api.openai.com/v1" }), ["base_url: must be https"]],
    [
      "with a default that has no chat",
      withDefault("omni-moderation-latest"),
      ["aliases.default: leads to 'omni-moderation"],
    ],
  ])("refuses a document %s, with the path of each fault", async (_, document, faults) => {
    const response = await tryPut(document);
    expect(response.status).toBe(400);
    const { message, ...error } = await errorOf(response);
    expect(error).toEqual({ type: "invalid_request_error", param: null, code: "invalid_catalog" });
    for (const fault of faults) expect(message).toContain(fault);
    expect(await pointerInKv()).toBeNull();
    expect((await list()).history).toEqual([]);
  });

  it.each([
    ["that is not JSON", "{", "invalid_json"],
    ["that is a list", "[]", "invalid_request"],
  ])("refuses a body %s", async (_, body, code) => {
    const response = await asAdmin("/admin/catalog", { method: "PUT", body });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code });
  });

  it.each([{ activate: "maybe" }, { activated: "false" }, { note: "" }])(
    "refuses the query %j and publishes nothing",
    async (query) => {
      expect((await tryPut(edition(1), query as never)).status).toBe(400);
      expect((await list()).history).toEqual([]);
    },
  );
});

const later = () => ({ ...edition(1), horoscopes: { enabled: true } });

describe("a catalog of a later version of Weir", () => {
  it("is served, and its unknown fields are logged once", async () => {
    const logged = watchLog();
    const revision = await publish(bindings.CATALOG, later());
    expect([await revisionInUse(), await revisionInUse()]).toEqual([revision, revision]);
    expect(logged("catalog_fields_ignored")).toEqual([
      { event: "catalog_fields_ignored", revision, fields: ["horoscopes"] },
    ]);
    vi.restoreAllMocks();
  });

  it("can be activated when it is stored, and cannot be published", async () => {
    await bindings.CATALOG.put("catalog:rev:later", JSON.stringify(later()));
    expect(await move("activate", { revision: "later" })).toMatchObject({ active: "later" });
    expect(await revisionInUse()).toBe("later");
    const response = await tryPut(later());
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain("\nhoroscopes: is not a known field");
    expect(await list()).toMatchObject({ active: "later" });
  });
});

describe("GET /admin/catalog", () => {
  it("has the bundled catalog as active before the first publication", async () => {
    expect(await list()).toEqual({
      active: "bundled",
      previous: null,
      canary: null,
      published_at: null,
      seen_everywhere_by: null,
      history: [],
    });
  });

  it("lists the changes, newest first, with time, author and note", async () => {
    const since = Date.now();
    const { revision } = await put(edition(1), { author: "ann", note: "more output" });
    await move("canary", { revision: "bundled", percent: 2.5 });
    const { history } = await list();
    for (const { at } of history) expect(Date.parse(at)).toBeGreaterThanOrEqual(since);
    expect(history).toMatchObject([
      { kind: "canary", revision: "bundled", percent: 2.5, author: null, note: null },
      { kind: "activate", revision, author: "ann", note: "more output" },
    ]);
  });

  it("accepts a pointer that an operator wrote by hand", async () => {
    await bindings.CATALOG.put("catalog:current", JSON.stringify({ active: "by-hand" }));
    expect(await list()).toMatchObject({ active: "by-hand", history: [] });
  });
});

describe("GET /admin/catalog/:revision", () => {
  it("returns a document by revision, and as active, previous, canary and bundled", async () => {
    expect(await show("active")).toEqual(bundled);
    const first = (await put(edition(1))).revision;
    expect(await show("previous")).toEqual(bundled);
    await put(edition(2));
    const { revision } = await put(edition(3), { activate: "false" });
    expect((await asAdmin("/admin/catalog/canary")).status).toBe(404);
    await move("canary", { revision, percent: 1 });
    expect(await Promise.all([first, "previous", "active", "canary", "bundled"].map(show))).toEqual([
      edition(1),
      edition(1),
      edition(2),
      edition(3),
      bundled,
    ]);
  });

  it("is a 404 for an unknown revision, and a 400 for an invalid name", async () => {
    const response = await asAdmin("/admin/catalog/0123456789abcdef");
    expect(response.status).toBe(404);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "revision_not_found" });
    expect(error.message).toContain("GET /admin/catalog");
    for (const name of ["..%2Fcurrent", "a%20b", "current:x"]) {
      expect((await asAdmin(`/admin/catalog/${name}`)).status, name).toBe(400);
    }
  });
});
