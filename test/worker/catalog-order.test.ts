// Readings of the catalog that overlap, fail late, or follow a publishing: the last good catalog goes on.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { activeCatalog, invalidateCatalog } from "../../src/core/catalog/store.ts";
import { createCatalog, publish } from "../support/catalog.ts";
import { edition, list, put, startAnew, tryPut } from "../support/catalog-operator.ts";
import { errorOf } from "../support/caller.ts";
import { failingKv, readingThrough, waitingKv } from "../support/kv-in-trouble.ts";
import { bindings } from "../support/workerd.ts";

const HOUR_MS = 3_600_000;
let now = Date.now();

beforeEach(async () => {
  await startAnew();
  now += HOUR_MS;
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The revision that a request gets at `at`, and the refresh that it left behind. */
async function revisionAt(at: number, kv: KVNamespace = bindings.CATALOG) {
  const behind: Promise<unknown>[] = [];
  const { revision } = await activeCatalog(kv, at, (work) => behind.push(work));
  return { revision, settled: Promise.all(behind) };
}

describe("a reading of the catalog", () => {
  it("that fails late does not replace what a later one has found", async () => {
    const { promise: failure, reject: fail } = Promise.withResolvers<never>();
    const first = revisionAt(now, readingThrough(() => failure).kv);
    const revision = await publish(bindings.CATALOG, createCatalog());
    expect((await revisionAt(now)).revision).toBe(revision);
    fail(new Error("KV is down"));
    await (
      await first
    ).settled;
    expect((await revisionAt(now + 1)).revision).toBe(revision);
  });

  it("that is late does not bring back what a later one has replaced", async () => {
    await publish(bindings.CATALOG, createCatalog());
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const old = JSON.parse((await bindings.CATALOG.get("catalog:current")) ?? "") as { active: string };
    const slow = readingThrough(async (key, readAsUsual) => {
      if (key !== "catalog:current") return readAsUsual();
      await answered;
      return old;
    });
    const first = revisionAt(now, slow.kv);
    const newer = await publish(bindings.CATALOG, createCatalog());
    expect((await revisionAt(now)).revision).toBe(newer);
    answer();
    await (
      await first
    ).settled;
    expect((await revisionAt(now + 1)).revision).toBe(newer);
  });

  it("that fails after a publishing here leaves the last good catalog, not the bundled one", async () => {
    const revision = await publish(bindings.CATALOG, createCatalog());
    expect((await revisionAt(now)).revision).toBe(revision);
    invalidateCatalog();
    expect((await revisionAt(now, failingKv().kv)).revision).toBe(revision);
  });

  it("is tried again a few seconds after a failure", async () => {
    const revision = await publish(bindings.CATALOG, createCatalog());
    expect((await revisionAt(now, failingKv().kv)).revision).toBe("bundled");
    const { settled } = await revisionAt(now + 6000);
    await settled;
    expect((await revisionAt(now + 6001)).revision).toBe(revision);
  });

  it("is waited for by the first request after an idle time, and is not after a short one", async () => {
    const first = await publish(bindings.CATALOG, createCatalog());
    expect((await revisionAt(now)).revision).toBe(first);
    const second = await publish(bindings.CATALOG, createCatalog());
    const soon = await revisionAt(now + 40_000, waitingKv().kv);
    expect(soon.revision).toBe(first);
    expect((await revisionAt(now + HOUR_MS)).revision).toBe(second);
  });
});

describe("a catalog with which nobody could chat here", () => {
  const catalog = edition(1);
  const { openai } = catalog.providers;
  const withProvider = (changes: object) => ({ ...catalog, providers: { openai: { ...openai, ...changes } } });
  const defaultTo = (target: string) => ({
    ...catalog,
    aliases: { ...catalog.aliases, default: { target } },
  });

  it.each([
    ["a host that is not allowed", withProvider({ base_url: "https://evil.test/v1" }), "providers.openai: "],
    ["a secret that is not set", withProvider({ key_variable: "ATTIC_API_KEY" }), "ATTIC_API_KEY is not set"],
    [
      "no encryption",
      withProvider({ base_url: "http://api.openai.com/v1" }),
      "providers.openai.base_url: must be https",
    ],
    ["credentials", withProvider({ base_url: "https://me@api.openai.com/v1" }), "neither a query nor credentials"],
    ["a default that has no chat", defaultTo("whisper-1"), "aliases.default: leads to 'whisper-1', which has no chat"],
  ])("is refused, and nothing moves: %s", async (_what, document, said) => {
    await put(catalog);
    const before = await list();
    const response = await tryPut(document);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "invalid_catalog" });
    expect(error.message).toContain(said);
    expect(await list()).toEqual(before);
  });
});
