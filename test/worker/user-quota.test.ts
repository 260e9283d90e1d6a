import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Reservation } from "../../src/quota/ledger.ts";
import type { Limits } from "../../src/quota/view.ts";
import { bindings } from "../support/workerd.ts";

/** Later than any clock that runs these tests, so that no alarm ever runs by itself. */
const START = Date.UTC(2100, 0, 1, 12);
const LEASE_MS = 60_000;
/** 10 of input and 50 of output. */
const BOUND = { input: 10, output: 50, minOutput: 50, choices: 1 };
const BOUND_TOKENS = 60;

const limitsOf = (tokens: number): Limits => ({
  windows: [
    { unit: "tokens", per: "day", limit: tokens },
    { unit: "requests", per: "day", limit: 1000 },
  ],
  concurrent: 100,
});
const LIMITS = limitsOf(10_000);

const reservation = (key: string, bound = BOUND): Reservation => ({ key, bound, leaseMs: LEASE_MS });
const settlement = (key: string, tokens: number) => ({ key, charge: { tokens, requests: 1 } });

const createObject = () => bindings.USER_QUOTA.getByName(crypto.randomUUID());
type QuotaObject = ReturnType<typeof createObject>;

/** All rows of all tables that are the object's own. `state` is JSON text. */
const rowsOf = (object: QuotaObject) =>
  runInDurableObject(object, (_, { storage }) => {
    const tables = storage.sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    return tables
      .toArray()
      .flatMap(({ name }) => storage.sql.exec<{ state: string }>(`SELECT * FROM "${name}"`).toArray());
  });

/** How many rows the object writes during `work`. */
async function rowsWritten(object: QuotaObject, work: () => Promise<unknown>): Promise<number> {
  const total = () =>
    runInDurableObject(
      object,
      (_, { storage }) => storage.sql.exec<{ rows: number }>("SELECT total_changes() AS rows").one().rows,
    );
  const before = await total();
  await work();
  return (await total()) - before;
}

const windowOf = async (object: QuotaObject, unit = "tokens") => {
  const { windows } = await object.view(LIMITS);
  const window = windows.find((candidate) => candidate.unit === unit);
  return { used: window?.used, reserved: window?.reserved };
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a lease", () => {
  it("survives the loss of memory between reserve and settle, and settles once", async () => {
    const object = createObject();
    await object.reserve(LIMITS, reservation("one"));
    await evictDurableObject(object);
    expect(await windowOf(object)).toEqual({ used: 0, reserved: BOUND_TOKENS });

    await evictDurableObject(object);
    await object.settle(LIMITS, settlement("one", 42));
    await evictDurableObject(object);
    await object.settle(LIMITS, settlement("one", 42));
    expect(await windowOf(object)).toEqual({ used: 42, reserved: 0 });
    expect(await windowOf(object, "requests")).toEqual({ used: 1, reserved: 0 });
  });

  it("ends by the alarm, charged in full, for a user who never returns", async () => {
    const object = createObject();
    await object.reserve(LIMITS, reservation("one"));
    await evictDurableObject(object);
    vi.setSystemTime(START + LEASE_MS);
    expect(await runDurableObjectAlarm(object)).toBe(true);

    const [row] = await rowsOf(object);
    expect(JSON.parse(row?.state ?? "")).toMatchObject({
      alarmAt: null,
      ledger: { used: { "tokens/day": { amount: BOUND_TOKENS }, "requests/day": { amount: 1 } } },
    });
    expect(await windowOf(object)).toEqual({ used: BOUND_TOKENS, reserved: 0 });
    expect(await runDurableObjectAlarm(object)).toBe(false);
  });

  it("that ended by itself is corrected by a late settlement, once", async () => {
    const object = createObject();
    await object.reserve(LIMITS, reservation("one"));
    vi.setSystemTime(START + LEASE_MS);
    await runDurableObjectAlarm(object);
    await evictDurableObject(object);

    await object.settle(LIMITS, settlement("one", 7));
    expect(await windowOf(object)).toEqual({ used: 7, reserved: 0 });
    await object.settle(LIMITS, settlement("one", 0));
    expect(await windowOf(object)).toEqual({ used: 7, reserved: 0 });
  });

  it("that is still running when the alarm comes keeps running, and gets an alarm of its own", async () => {
    const object = createObject();
    await object.reserve(LIMITS, reservation("early"));
    vi.setSystemTime(START + LEASE_MS / 2);
    await object.reserve(LIMITS, reservation("late"));
    vi.setSystemTime(START + LEASE_MS);
    await runDurableObjectAlarm(object);
    expect(await windowOf(object)).toEqual({ used: BOUND_TOKENS, reserved: BOUND_TOKENS });

    vi.setSystemTime(START + LEASE_MS * 1.5);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await windowOf(object)).toEqual({ used: 2 * BOUND_TOKENS, reserved: 0 });
  });
});

const reserveFifty = (object: QuotaObject, limits: Limits, bound = BOUND) =>
  Promise.all(Array.from({ length: 50 }, (_, index) => object.reserve(limits, reservation(`key-${index}`, bound))));

describe("fifty reservations at the same time", () => {
  it("are granted exactly where they fit", async () => {
    const object = createObject();
    const limits = limitsOf(17 * BOUND_TOKENS + BOUND_TOKENS - 1);
    const results = await reserveFifty(object, limits);
    expect(results.filter(({ ok }) => ok)).toHaveLength(17);
    expect(results.filter((result) => !result.ok && result.reason === "window")).toHaveLength(33);
    expect(await windowOf(object)).toEqual({ used: 0, reserved: 17 * BOUND_TOKENS });
  });

  it("give the rest to one that is content with less, and never more than the limit", async () => {
    const object = createObject();
    const limit = 17 * BOUND_TOKENS + BOUND_TOKENS - 1;
    const results = await reserveFifty(object, limitsOf(limit), { ...BOUND, minOutput: 20 });
    expect(results.flatMap((result) => (result.ok ? [result.granted] : []))).toEqual([...Array(17).fill(50), 49]);
    expect(await windowOf(object)).toEqual({ used: 0, reserved: limit });
  });

  it("settle to what was used, and never to more than the limit", async () => {
    const object = createObject();
    const limits = limitsOf(17 * BOUND_TOKENS);
    await reserveFifty(object, limits);
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => object.settle(limits, settlement(`key-${index}`, 1000))),
    );
    expect(await windowOf(object)).toEqual({ used: 17 * BOUND_TOKENS, reserved: 0 });
  });

  it("respect how many may run at once", async () => {
    const object = createObject();
    const results = await reserveFifty(object, { ...LIMITS, concurrent: 3 });
    expect(results.filter(({ ok }) => ok)).toHaveLength(3);
    expect(results.filter((result) => !result.ok && result.reason === "concurrent")).toHaveLength(47);
  });
});

describe("storage", () => {
  it("is one JSON row, written once at reserve and once at settle", async () => {
    const object = createObject();
    // The first reservation also writes the alarm.
    await object.reserve(LIMITS, reservation("first"));
    expect(await rowsWritten(object, () => object.reserve(LIMITS, reservation("second")))).toBe(1);
    expect(await rowsWritten(object, () => object.settle(LIMITS, settlement("second", 5)))).toBe(1);
    const rows = await rowsOf(object);
    expect(rows).toHaveLength(1);
    expect(JSON.parse(rows[0]?.state ?? "")).toMatchObject({ ledger: { version: 1 } });
  });

  it("is not touched by a refused reservation", async () => {
    const fresh = createObject();
    expect(await fresh.reserve(limitsOf(10), reservation("one"))).toMatchObject({ ok: false, reason: "window" });
    expect(await rowsOf(fresh)).toEqual([]);

    const used = createObject();
    await used.reserve(LIMITS, reservation("one"));
    const before = await rowsOf(used);
    const refuse = () => used.reserve({ ...LIMITS, concurrent: 1 }, reservation("two"));
    expect(await rowsWritten(used, refuse)).toBe(0);
    expect(await rowsOf(used)).toEqual(before);
  });

  it("is not touched by a look at the quota", async () => {
    const object = createObject();
    await object.view(LIMITS);
    expect(await rowsOf(object)).toEqual([]);
  });

  it("does not change when a reservation or settlement arrives again", async () => {
    const object = createObject();
    const granted = await object.reserve(LIMITS, reservation("one"));
    const reserved = await rowsOf(object);
    const reserveAgain = async () => expect(await object.reserve(LIMITS, reservation("one"))).toEqual(granted);
    expect(await rowsWritten(object, reserveAgain)).toBe(0);
    expect(await rowsOf(object)).toEqual(reserved);

    await object.settle(LIMITS, settlement("one", 42));
    const settled = await rowsOf(object);
    const repeat = async () => {
      await object.settle(LIMITS, settlement("one", 60));
      await object.settle(LIMITS, settlement("unknown", 60));
      expect(await object.reserve(LIMITS, reservation("one"))).toMatchObject({ ok: false, reason: "settled" });
    };
    expect(await rowsWritten(object, repeat)).toBe(0);
    expect(await rowsOf(object)).toEqual(settled);
  });

  it("is the same, byte for byte, after memory was lost", async () => {
    const object = createObject();
    await object.reserve(LIMITS, reservation("one"));
    await object.reserve(LIMITS, reservation("two"));
    await object.settle(LIMITS, settlement("one", 42));
    const rows = await rowsOf(object);
    const view = await object.view(LIMITS);
    await evictDurableObject(object);
    expect(await object.view(LIMITS)).toEqual(view);
    expect(await rowsOf(object)).toEqual(rows);
  });

  it("sets the alarm again only for a lease that ends sooner", async () => {
    const object = createObject();
    const alarm = () => runInDurableObject(object, (_, { storage }) => storage.getAlarm());
    await object.reserve(LIMITS, reservation("one"));
    expect(await alarm()).toBe(START + LEASE_MS);
    await object.reserve(LIMITS, { ...reservation("longer"), leaseMs: 2 * LEASE_MS });
    expect(await alarm()).toBe(START + LEASE_MS);
    await object.reserve(LIMITS, { ...reservation("shorter"), leaseMs: LEASE_MS / 2 });
    expect(await alarm()).toBe(START + LEASE_MS / 2);
  });
});
