import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { activeCatalog, resetCatalogForTests } from "../../src/core/catalog/store.ts";
import { createCaller } from "../support/caller.ts";
import { createCatalog, publish } from "../support/catalog.ts";
import { startAnew } from "../support/catalog-operator.ts";
import { failingKv, readingThrough, waitingKv } from "../support/kv-in-trouble.ts";
import { watchLog } from "../support/log-lines.ts";
import { repeatUntil } from "../support/repeat.ts";
import { ask, SLIM } from "../support/surface.ts";
import { bindings, createSend, createUser } from "../support/workerd.ts";

const STALE_MS = 31_000;
const HOUR_MS = 3_600_000;
const POINTER = "catalog:current";
const keyOf = (revision: string) => `catalog:rev:${revision}`;
const point = (pointer: unknown) => bindings.CATALOG.put(POINTER, JSON.stringify(pointer));

/** Each test has an hour of its own: what is logged at most once a minute was not logged in it yet. */
let now = Date.now();

beforeEach(async () => {
  await startAnew();
  now += HOUR_MS;
  vi.useFakeTimers({ toFake: ["Date"], now });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A chat of a new user while the catalog is read from `kv`: which revision it was had with. It must be answered. */
async function chat(kv: KVNamespace = bindings.CATALOG): Promise<string | null> {
  const { token } = await createUser();
  const response = await ask(createCaller(createSend({ CATALOG: kv }), token), SLIM, { tokens: 3 }, false);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ text: "water runs over", finish: "stop" });
  return response.headers.get("weir-revision");
}

const failHalf = () => Promise.reject(new Error("half of KV is down"));

/** What is wrong, how it comes to be, and what the log says of it. */
const TROUBLES: [string, () => Promise<KVNamespace>, RegExp][] = [
  ["KV fails", async () => failingKv().kv, /KV is down/],
  [
    "KV has the pointer and fails for the revision",
    async () => {
      await publish(bindings.CATALOG, createCatalog());
      return readingThrough((key, readAsUsual) => (key === POINTER ? readAsUsual() : failHalf())).kv;
    },
    /half of KV is down/,
  ],
  [
    "the pointer is garbage",
    async () => {
      await bindings.CATALOG.put(POINTER, '{"active":');
      return bindings.CATALOG;
    },
    /JSON/,
  ],
  [
    "the pointer is of another shape",
    async () => {
      await point({ revision: "a" });
      return bindings.CATALOG;
    },
    /active/,
  ],
  [
    "the pointer leads to nothing",
    async () => {
      await point({ active: "gone" });
      return bindings.CATALOG;
    },
    /catalog:rev:gone is not there/,
  ],
  ...[2, 0].map((schema): (typeof TROUBLES)[number] => [
    `the document is of schema ${schema}`,
    async () => {
      await publish(bindings.CATALOG, { ...createCatalog(), schema });
      return bindings.CATALOG;
    },
    /catalog:rev:.*schema/,
  ]),
];

describe.each(TROUBLES)("while %s", (_, begin, reason) => {
  it("the first chat of an isolate is had with the bundled catalog, and the log says why", async () => {
    const logged = watchLog();
    expect(await chat(await begin())).toBe("bundled");
    expect(logged("catalog_unreadable")).toEqual([
      { event: "catalog_unreadable", using: "bundled", reason: expect.stringMatching(reason) as string },
    ]);
  });

  it("later chats are had with the last good revision, and the log says why", async () => {
    const good = await publish(bindings.CATALOG, createCatalog());
    expect(await chat()).toBe(good);
    const kv = await begin();
    vi.setSystemTime(now + STALE_MS);
    const logged = watchLog();
    expect(await chat(kv)).toBe(good);
    expect(await chat(kv)).toBe(good);
    expect(logged("catalog_unreadable")).toEqual([
      { event: "catalog_unreadable", using: good, reason: expect.stringMatching(reason) as string },
    ]);
  });
});

describe("KV that is slow", () => {
  it("is asked once for the pointer, does not hold up the first chat, and is followed once it has answered", async () => {
    const revision = await publish(bindings.CATALOG, createCatalog());
    const logged = watchLog();
    const { kv, asked, release } = waitingKv();
    expect(await chat(kv)).toBe("bundled");
    expect(await chat(kv)).toBe("bundled");
    expect(asked).toEqual([POINTER]);
    expect(logged("catalog_unreadable")).toMatchObject([
      { using: "bundled", reason: expect.stringContaining("KV took longer") as string },
    ]);
    release();
    await repeatUntil(
      () => chat(kv),
      (used) => used === revision,
    );
    expect(asked).toEqual([POINTER, keyOf(revision)]);
  });

  it("is waited for by a first chat while somebody publishes here, which is no reason for the bundled catalog", async () => {
    const revision = await publish(bindings.CATALOG, createCatalog());
    const { kv, asked, release } = waitingKv();
    const chatting = chat(kv);
    await repeatUntil(
      async () => asked.length,
      (reads) => reads > 0,
    );
    resetCatalogForTests();
    release();
    expect(await chatting).toBe(revision);
  });

  it("does not hold up a chat that finds an older revision here", async () => {
    const good = await publish(bindings.CATALOG, createCatalog());
    await chat();
    vi.setSystemTime(now + STALE_MS);
    const { kv, asked } = waitingKv();
    const logged = watchLog();
    expect(await chat(kv)).toBe(good);
    expect(asked).toEqual([POINTER]);
    expect(logged("catalog_unreadable")).toEqual([]);
  });
});

describe("KV that is empty", () => {
  it("means the bundled catalog, of which the log says nothing", async () => {
    const logged = watchLog();
    expect(await chat()).toBe("bundled");
    expect(logged("catalog_unreadable")).toEqual([]);
  });
});

describe("a canary whose revision is not there", () => {
  it("is nobody's: everybody gets the active one, and the log says why", async () => {
    const active = await publish(bindings.CATALOG, createCatalog());
    await point({ active, canary: { revision: "gone", percent: 100, salt: "a" } });
    resetCatalogForTests();
    const logged = watchLog();
    for (let user = 0; user < 3; user++) expect(await chat()).toBe(active);
    expect(logged("catalog_unreadable")).toEqual([
      { event: "catalog_unreadable", using: active, reason: "Error: catalog:rev:gone is not there" },
    ]);
  });
});

describe("the log", () => {
  it("says why the catalog cannot be read once a minute, and not more often", async () => {
    const logged = watchLog();
    const { kv, asked } = failingKv();
    const lookAt = async (ms: number) => {
      const background: Promise<unknown>[] = [];
      await activeCatalog(kv, now + ms, (work) => background.push(work));
      await Promise.all(background);
      return logged("catalog_unreadable").length;
    };
    const counts: number[] = [];
    for (const ms of [0, 30_000, 60_000, 90_000, 120_000]) counts.push(await lookAt(ms));
    expect(asked).toHaveLength(5);
    expect(counts).toEqual([1, 1, 2, 2, 3]);
  });
});
