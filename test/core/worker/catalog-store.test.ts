// The catalog that a request gets: from KV, from the copy of the isolate, or from the bundle when KV is in trouble.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { activeCatalog, catalogFor, resetCatalogForTests, invalidateCatalog } from "../../../src/core/catalog/store.ts";
import { createCatalog, publish } from "../../support/catalog.ts";
import { failingKv, readingThrough, waitingKv } from "../../support/kv-in-trouble.ts";
import { watchLog } from "../../support/log-lines.ts";
import { repeatUntil } from "../../support/repeat.ts";
import { bindings, startAnew } from "../../support/workerd.ts";

const kv = bindings.CATALOG;
const STALE_MS = 31_000;
const HOUR_MS = 3_600_000;
const POINTER = "catalog:current";

/** Each test has an hour of its own, since a failure is logged at most once a minute. */
let now = Date.now();
let logged: ReturnType<typeof watchLog>;

beforeEach(async () => {
  await startAnew();
  now += HOUR_MS;
  vi.useFakeTimers({ toFake: ["Date"], now });
  logged = watchLog();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  resetCatalogForTests();
});

/** The revision that a request gets `ms` later, and the refresh that it leaves behind. */
async function request(ms = 0, store: KVNamespace = kv) {
  const background: Promise<unknown>[] = [];
  const { revision } = await activeCatalog(store, now + ms, (work) => background.push(work));
  return { revision, refreshed: Promise.all(background) };
}

/** The same when nothing of it goes on any more. */
async function revisionAt(ms = 0, store: KVNamespace = kv): Promise<string> {
  const { revision, refreshed } = await request(ms, store);
  await refreshed;
  return revision;
}

const point = (pointer: string) => kv.put(POINTER, pointer);
const halfDown = readingThrough((key, readAsUsual) =>
  key === POINTER ? readAsUsual() : Promise.reject(new Error("half of KV is down")),
);

/** What is wrong with KV, how it gets there, and the reason in the log. */
const TROUBLES: [string, () => Promise<unknown>, RegExp, KVNamespace?][] = [
  ["KV fails", async () => undefined, /KV is down/, failingKv().kv],
  ["KV fails for the revision", () => publish(kv, createCatalog()), /half of KV is down/, halfDown.kv],
  ["the pointer is not JSON", () => point('{"active":'), /JSON/],
  ["the pointer has another shape", () => point('{"active":7}'), /Expected string/],
  ["the pointer leads to nothing", () => point('{"active":"gone"}'), /KV has no value for 'catalog:rev:gone'/],
  ["the document has another schema", () => publish(kv, { ...createCatalog(), schema: 2 }), /catalog:rev:.*schema/],
  ["the document is empty", () => publish(kv, {}), /catalog:rev:/],
];

describe.each(TROUBLES)("while %s", (_, spoil, reason, store) => {
  it("the first request of an isolate gets the bundled catalog, and later ones the last good revision", async () => {
    await spoil();
    expect(await revisionAt(0, store)).toBe("bundled");
    await startAnew();
    const good = await publish(kv, createCatalog());
    expect(await revisionAt(1)).toBe(good);
    await spoil();
    expect(await revisionAt(3 * STALE_MS, store)).toBe(good);
    expect(await revisionAt(3 * STALE_MS + 1, store)).toBe(good);
    expect(logged("catalog_unreadable")).toMatchObject([
      { using: "bundled", reason: expect.stringMatching(reason) as string },
      { using: good, reason: expect.stringMatching(reason) as string },
    ]);
  });
});

describe("the copy of an isolate", () => {
  it("is the bundled catalog while KV is empty, which is not logged", async () => {
    expect(await revisionAt()).toBe("bundled");
    expect(logged("catalog_unreadable")).toEqual([]);
  });

  it("is used without reading KV while it is fresh, and refreshed behind the request that finds it stale", async () => {
    const first = await publish(kv, createCatalog());
    expect(await revisionAt()).toBe(first);
    const second = await publish(kv, createCatalog());
    expect(await revisionAt(STALE_MS - 2000)).toBe(first);
    expect(await revisionAt(STALE_MS)).toBe(first);
    expect(await revisionAt(STALE_MS + 1)).toBe(second);
  });

  it("is read again by the first request after an idle time", async () => {
    await publish(kv, createCatalog());
    await revisionAt();
    const second = await publish(kv, createCatalog());
    expect(await revisionAt(HOUR_MS)).toBe(second);
  });

  it("becomes the bundled one when the pointer is deleted", async () => {
    const first = await publish(kv, createCatalog());
    expect(await revisionAt()).toBe(first);
    await kv.delete(POINTER);
    await revisionAt(STALE_MS);
    expect(await revisionAt(STALE_MS + 1)).toBe("bundled");
  });

  it("is refreshed by one request at a time", async () => {
    const good = await publish(kv, createCatalog());
    await revisionAt();
    const { kv: waiting, asked } = waitingKv();
    for (let turn = 0; turn < 5; turn++) expect((await request(STALE_MS, waiting)).revision).toBe(good);
    expect(asked).toEqual([POINTER]);
    await request(2 * STALE_MS, waiting);
    expect(asked).toHaveLength(2);
    expect(logged("catalog_unreadable")).toEqual([]);
  });

  it("is read again a few seconds after a failure", async () => {
    const revision = await publish(kv, createCatalog());
    expect(await revisionAt(0, failingKv().kv)).toBe("bundled");
    await revisionAt(6000);
    expect(await revisionAt(6001)).toBe(revision);
  });

  it("follows a slow KV as soon as it answers, and does not hold the first request up", async () => {
    const revision = await publish(kv, createCatalog());
    const { kv: waiting, release } = waitingKv();
    const { revision: first, refreshed } = await request(0, waiting);
    expect(first).toBe("bundled");
    expect(logged("catalog_unreadable")).toMatchObject([
      { reason: expect.stringContaining("KV took longer") as string },
    ]);
    release();
    await refreshed;
    expect(await revisionAt(1)).toBe(revision);
  });
});

describe("readings that overlap", () => {
  it("keep what the later one found, when the earlier one fails or is slow", async () => {
    const old = await publish(kv, createCatalog());
    for (const outcome of ["fails", "is slow"]) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const { kv: slow } = readingThrough((key, readAsUsual) => (key === POINTER ? promise : readAsUsual()));
      resetCatalogForTests();
      const first = request(0, slow);
      const newer = await publish(kv, createCatalog());
      expect(await revisionAt(), outcome).toBe(newer);
      if (outcome === "fails") reject(new Error("KV is down"));
      else resolve({ active: old });
      await (
        await first
      ).refreshed;
      expect(await revisionAt(1), outcome).toBe(newer);
    }
  });

  it("wait for KV when something was published here meanwhile", async () => {
    const revision = await publish(kv, createCatalog());
    const { kv: waiting, asked, release } = waitingKv();
    const first = request(0, waiting);
    await repeatUntil(
      async () => asked.length,
      (reads) => reads > 0,
    );
    invalidateCatalog();
    release();
    expect((await first).revision).toBe(revision);
  });

  it("leave the last good catalog when the one after a publication fails", async () => {
    const revision = await publish(kv, createCatalog());
    expect(await revisionAt()).toBe(revision);
    invalidateCatalog();
    expect(await revisionAt(0, failingKv().kv)).toBe(revision);
  });
});

it("a canary without its revision is not used, and the log has the reason", async () => {
  const active = await publish(kv, createCatalog());
  await point(JSON.stringify({ active, canary: { revision: "gone", percent: 100, salt: "a" } }));
  const { revision } = await catalogFor({ issuer: "weir", subject: "ann" }, kv, now, () => undefined);
  expect(revision).toBe(active);
  expect(logged("catalog_unreadable")).toMatchObject([
    { reason: "InternalError: KV has no value for 'catalog:rev:gone'" },
  ]);
});

it("the log says once a minute why the catalog cannot be read, and not more often", async () => {
  const { kv: failing } = failingKv();
  const counts: number[] = [];
  for (const ms of [0, 30_000, 60_000, 90_000, 120_000]) {
    await revisionAt(ms, failing);
    counts.push(logged("catalog_unreadable").length);
  }
  expect(counts).toEqual([1, 1, 2, 2, 3]);
});
