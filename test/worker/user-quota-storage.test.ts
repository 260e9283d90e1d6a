import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Change } from "../../src/core/quota/account.ts";
import type { QuotaObject } from "../support/user-quota.ts";
import {
  BOUND_TOKENS,
  CLAIM,
  createObject,
  LEASE_MS,
  LIMITS,
  limitsOf,
  NEXT_DAY,
  reservation,
  resumeDate,
  rowsOf,
  rowsWritten,
  settlement,
  START,
  stopDate,
  viewOf,
  windowOf,
} from "../support/user-quota.ts";

const HOUR_MS = 3_600_000;

const alarmOf = (object: QuotaObject) => runInDurableObject(object, (_, { storage }) => storage.getAlarm());

beforeEach(stopDate);
afterEach(resumeDate);

describe("storage", () => {
  it("is one JSON row, written once at reserve and once at settle", async () => {
    const object = createObject();
    // The first reservation also makes the table and sets the alarm.
    await object.reserve(CLAIM, LIMITS, reservation("first"));
    expect(await rowsWritten(object, () => object.reserve(CLAIM, LIMITS, reservation("second")))).toBe(1);
    expect(await rowsWritten(object, () => object.settle(LIMITS, settlement("second", 5)))).toBe(1);
    const rows = await rowsOf(object);
    expect(rows).toHaveLength(1);
    expect(JSON.parse(rows[0]?.state ?? "")).toMatchObject({ ledger: { version: 2 } });
  });

  it("is not touched by a refused reservation", async () => {
    const fresh = createObject();
    expect(await fresh.reserve(CLAIM, limitsOf(10), reservation("one"))).toMatchObject({ ok: false, reason: "window" });
    expect(await rowsOf(fresh)).toEqual([]);

    const used = createObject();
    await used.reserve(CLAIM, LIMITS, reservation("one"));
    const before = await rowsOf(used);
    const refuse = () => used.reserve(CLAIM, { ...LIMITS, concurrent: 1 }, reservation("two"));
    expect(await rowsWritten(used, refuse)).toBe(0);
    expect(await rowsOf(used)).toEqual(before);
  });

  it("is not touched by a look at the quota", async () => {
    const object = createObject();
    await viewOf(object);
    expect(await rowsOf(object)).toEqual([]);
  });

  it("does not change when a reservation or settlement arrives again", async () => {
    const object = createObject();
    const granted = await object.reserve(CLAIM, LIMITS, reservation("one"));
    const reserved = await rowsOf(object);
    const reserveAgain = async () => expect(await object.reserve(CLAIM, LIMITS, reservation("one"))).toEqual(granted);
    expect(await rowsWritten(object, reserveAgain)).toBe(0);
    expect(await rowsOf(object)).toEqual(reserved);

    await object.settle(LIMITS, settlement("one", 42));
    const settled = await rowsOf(object);
    const repeat = async () => {
      await object.settle(LIMITS, settlement("one", 60));
      await object.settle(LIMITS, settlement("unknown", 60));
      expect(await object.reserve(CLAIM, LIMITS, reservation("one"))).toMatchObject({ ok: false, reason: "settled" });
    };
    expect(await rowsWritten(object, repeat)).toBe(0);
    expect(await rowsOf(object)).toEqual(settled);
  });

  it("is the same, byte for byte, after memory was lost", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.reserve(CLAIM, LIMITS, reservation("two"));
    await object.settle(LIMITS, settlement("one", 42));
    const rows = await rowsOf(object);
    const view = await viewOf(object);
    await evictDurableObject(object);
    expect(await viewOf(object)).toEqual(view);
    expect(await rowsOf(object)).toEqual(rows);
  });

  it("sets the alarm again only for a lease that ends sooner", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    expect(await alarmOf(object)).toBe(START + LEASE_MS);
    await object.reserve(CLAIM, LIMITS, { ...reservation("longer"), leaseMs: 2 * LEASE_MS });
    expect(await alarmOf(object)).toBe(START + LEASE_MS);
    await object.reserve(CLAIM, LIMITS, { ...reservation("shorter"), leaseMs: LEASE_MS / 2 });
    expect(await alarmOf(object)).toBe(START + LEASE_MS / 2);
  });
});

const BLOCK: Change = { kind: "block", id: "block", at: START, reason: "a test" };

describe("an operator's change", () => {
  it("is one row, and a look at the account is none", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    expect(await rowsWritten(object, () => object.change(BLOCK))).toBe(1);
    expect(await rowsWritten(object, () => object.account())).toBe(0);
    expect(await rowsWritten(object, () => object.inspect(LIMITS))).toBe(0);
    expect(await rowsOf(object)).toHaveLength(1);
  });

  it("survives the loss of memory", async () => {
    const object = createObject();
    const account = await object.change(BLOCK);
    await evictDurableObject(object);
    expect(await object.account()).toEqual(account);
    expect(await object.reserve(CLAIM, LIMITS, reservation("one"))).toEqual({ refusal: { reason: "blocked" } });
  });

  it("of a claim that is refused writes nothing", async () => {
    const object = createObject();
    await object.change(BLOCK);
    const refuse = () => object.reserve(CLAIM, LIMITS, reservation("one"));
    expect(await rowsWritten(object, refuse)).toBe(0);
  });
});

/** Stores a row of version 1, as it was written before there was money, and lets the object forget what it knew. */
async function storeVersion1(object: QuotaObject): Promise<void> {
  const day = START - (START % (24 * HOUR_MS));
  const running = { at: START, endsAt: START + LEASE_MS, tokens: BOUND_TOKENS, granted: 50, ended: false };
  const state = JSON.stringify({
    ledger: {
      version: 1,
      at: START,
      used: { "tokens/day": { start: day, amount: 500 }, "requests/day": { start: day, amount: 3 } },
      leases: { running, lost: running },
      settled: ["before"],
    },
    alarmAt: START + LEASE_MS,
  });
  await runInDurableObject(object, async (_, { storage }) => {
    storage.sql.exec("CREATE TABLE ledger (id INTEGER PRIMARY KEY, state TEXT NOT NULL)");
    storage.sql.exec("INSERT INTO ledger (id, state) VALUES (0, ?)", state);
    await storage.setAlarm(START + LEASE_MS);
  });
  await evictDurableObject(object);
}

describe("a row of version 1", () => {
  it("is read, and its leases settle and end as they would have", async () => {
    const object = createObject();
    await storeVersion1(object);
    expect(await windowOf(object)).toEqual({ used: 500, reserved: 2 * BOUND_TOKENS });
    await object.settle(LIMITS, settlement("running", 42));
    expect(await windowOf(object)).toEqual({ used: 542, reserved: BOUND_TOKENS });
    expect(await windowOf(object, "requests")).toEqual({ used: 4, reserved: 1 });

    vi.setSystemTime(START + LEASE_MS);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await windowOf(object)).toEqual({ used: 542 + BOUND_TOKENS, reserved: 0 });
    expect(await windowOf(object, "requests")).toEqual({ used: 5, reserved: 0 });
  });

  it("remembers which keys were settled", async () => {
    const object = createObject();
    await storeVersion1(object);
    const again = await object.reserve(CLAIM, LIMITS, reservation("before"));
    expect(again).toMatchObject({ ok: false, reason: "settled" });
  });

  it("becomes one of version 2 with the next write", async () => {
    const object = createObject();
    await storeVersion1(object);
    expect(await rowsWritten(object, () => object.settle(LIMITS, settlement("running", 42)))).toBe(1);
    const [row] = await rowsOf(object);
    expect(JSON.parse(row?.state ?? "")).toMatchObject({
      ledger: { version: 2, extra: {}, leases: { lost: { bound: { tokens: BOUND_TOKENS, requests: 1, usd: 0 } } } },
    });
  });
});

describe("an idle object", () => {
  it("deletes its storage by its alarm when the last period with any use has ended", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.settle(LIMITS, settlement("one", 42));
    vi.setSystemTime(START + LEASE_MS);
    await runDurableObjectAlarm(object);
    expect(await alarmOf(object)).toBe(NEXT_DAY);
    expect(await rowsOf(object)).toHaveLength(1);

    vi.setSystemTime(NEXT_DAY);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await rowsOf(object)).toEqual([]);
    expect(await alarmOf(object)).toBeNull();
  });

  it("that deleted itself serves its user again, from nothing", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.settle(LIMITS, settlement("one", 42));
    vi.setSystemTime(NEXT_DAY);
    await runDurableObjectAlarm(object);
    expect(await rowsOf(object)).toEqual([]);
    expect(await object.reserve(CLAIM, LIMITS, reservation("two"))).toMatchObject({ ok: true });
    expect(await windowOf(object)).toEqual({ used: 0, reserved: BOUND_TOKENS });
    expect(await alarmOf(object)).toBe(NEXT_DAY + LEASE_MS);
  });

  it("keeps what an operator decided, for ever and without an alarm", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.settle(LIMITS, settlement("one", 42));
    await object.change(BLOCK);
    vi.setSystemTime(NEXT_DAY);
    await runDurableObjectAlarm(object);
    expect(await alarmOf(object)).toBeNull();
    await evictDurableObject(object);
    expect(await object.account()).toMatchObject({ blocked: true, changes: [BLOCK] });
  });

  it("deletes its storage too when a lease ended by itself after its period had", async () => {
    const object = createObject();
    vi.setSystemTime(NEXT_DAY - 1);
    await object.reserve(CLAIM, LIMITS, reservation("lost"));
    vi.setSystemTime(NEXT_DAY + LEASE_MS);
    await runDurableObjectAlarm(object);
    // For an hour it can still be corrected.
    vi.setSystemTime(NEXT_DAY + LEASE_MS + HOUR_MS);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await rowsOf(object)).toEqual([]);
  });
});

describe("a window that an operator resets", () => {
  const RESET: Change = { kind: "reset", window: "tokens/day", id: "reset", at: START, reason: "a test" };

  it("forgets what was used before", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.settle(LIMITS, settlement("one", 42));
    await object.change(RESET);
    expect(await windowOf(object)).toEqual({ used: 0, reserved: 0 });
    expect(await windowOf(object, "requests")).toEqual({ used: 1, reserved: 0 });
  });

  it("still counts a request that was running then", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.change(RESET);
    await object.settle(LIMITS, settlement("one", 42));
    expect(await windowOf(object)).toEqual({ used: 42, reserved: 0 });
  });
});
