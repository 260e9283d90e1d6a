import { beforeEach, describe, expect, it } from "vitest";
import { activeCatalog, resetCatalogForTests } from "../../src/core/catalog/store.ts";
import { createCatalog, publish } from "../support/catalog.ts";
import { ask, SLIM } from "../support/surface.ts";
import { bindings, createUser, send } from "../support/workerd.ts";

const kv = bindings.CATALOG;
const START = Date.UTC(2026, 10, 23, 12);
const STALE_MS = 31_000;

beforeEach(async () => {
  await kv.delete("catalog:current");
  resetCatalogForTests();
});

/** The revision that a request at `now` works with, and the one after its background work. */
async function revisionsAt(now: number, store: KVNamespace = kv): Promise<[string, string]> {
  const background: Promise<unknown>[] = [];
  const { revision } = await activeCatalog(store, now, (work) => background.push(work));
  await Promise.all(background);
  const next = await activeCatalog(store, now, () => undefined);
  return [revision, next.revision];
}

/** A KV of which every read ends as `get` does. */
const broken = (get: () => Promise<never>) => ({ get }) as unknown as KVNamespace;

async function chatRevision(): Promise<string | null> {
  const response = await ask(await createUser(), SLIM, { tokens: 1 }, false);
  expect(response.status).toBe(200);
  await response.text();
  return response.headers.get("weir-revision");
}

describe("a chat", () => {
  it("works with the bundled catalog while KV is empty", async () => {
    expect(await chatRevision()).toBe("bundled");
  });

  it("works with the revision that KV points to, which every answer and the health check name", async () => {
    const revision = await publish(kv, createCatalog());
    expect(await chatRevision()).toBe(revision);
    expect(await (await send("/healthz")).json()).toEqual({ status: "ok", revision, notices: null });
  });

  it.each([
    ["is not JSON", "{"],
    ["is null", "null"],
    ["names nothing", "{}"],
    ["names no text", '{"active":7}'],
    ["is a text", '"active"'],
    ["points to nothing", '{"active":"gone"}'],
  ])("works with the bundled catalog when the pointer %s", async (_, pointer) => {
    await kv.put("catalog:current", pointer);
    expect(await chatRevision()).toBe("bundled");
  });

  it.each([
    ["is empty", {}],
    ["is a list", []],
    ["has no such default plan", { ...createCatalog(), default_plan: "gone" }],
    ["has a field that no schema knows", { ...createCatalog(), surprise: true }],
    ["is of another schema", { ...createCatalog(), schema: 2 }],
  ])("works with the bundled catalog when the revision %s", async (_, document) => {
    await publish(kv, document);
    expect(await chatRevision()).toBe("bundled");
  });
});

describe("the copy of an isolate", () => {
  it("is used without a look at KV while it is fresh", async () => {
    const first = await publish(kv, createCatalog());
    await revisionsAt(START);
    await publish(kv, createCatalog());
    expect(await revisionsAt(START + STALE_MS - 2000)).toEqual([first, first]);
  });

  it("is used once more when it is stale, and refreshed behind that request", async () => {
    const first = await publish(kv, createCatalog());
    await revisionsAt(START);
    const second = await publish(kv, createCatalog());
    expect(await revisionsAt(START + STALE_MS)).toEqual([first, second]);
  });

  it.each([
    ["the pointer is garbage", () => kv.put("catalog:current", "{")],
    ["the pointer leads to nothing", () => kv.put("catalog:current", '{"active":"gone"}')],
    ["the new revision is not valid", () => publish(kv, { schema: 1 })],
  ])("stays the last good one when %s", async (_, spoil) => {
    const good = await publish(kv, createCatalog());
    await revisionsAt(START);
    await spoil();
    expect(await revisionsAt(START + STALE_MS)).toEqual([good, good]);
    expect(await revisionsAt(START + 2 * STALE_MS)).toEqual([good, good]);
  });

  it("stays the last good one when KV fails, and follows again when it answers", async () => {
    const good = await publish(kv, createCatalog());
    await revisionsAt(START);
    const failing = broken(() => Promise.reject(new Error("KV is down")));
    expect(await revisionsAt(START + STALE_MS, failing)).toEqual([good, good]);
    const next = await publish(kv, createCatalog());
    expect(await revisionsAt(START + 2 * STALE_MS)).toEqual([good, next]);
  });

  it("becomes the bundled one when the pointer is taken away", async () => {
    const first = await publish(kv, createCatalog());
    await revisionsAt(START);
    await kv.delete("catalog:current");
    expect(await revisionsAt(START + STALE_MS)).toEqual([first, "bundled"]);
  });

  it("is refreshed by one request at a time", async () => {
    await publish(kv, createCatalog());
    await revisionsAt(START);
    let reads = 0;
    const hanging = broken(() => {
      reads += 1;
      return new Promise(() => undefined);
    });
    for (let request = 0; request < 5; request++) await activeCatalog(hanging, START + STALE_MS, () => undefined);
    expect(reads).toBe(1);
    await activeCatalog(hanging, START + 2 * STALE_MS, () => undefined);
    expect(reads).toBe(2);
  });

  it("begins with the bundled one when KV does not answer in time", async () => {
    const hanging = broken(() => new Promise(() => undefined));
    const { revision } = await activeCatalog(hanging, START, () => undefined);
    expect(revision).toBe("bundled");
  });
});
