// The UserQuota object: its storage, the loss of its memory, and its alarm.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Change } from "../../../src/core/quota/account.ts";
import type { QuotaObject } from "../../support/user-quota.ts";
import {
  BOUND_TOKENS,
  CLAIM,
  createObject,
  LEASE_MS,
  LIMITS,
  limitsOf,
  reservation,
  resumeDate,
  rowsOf,
  rowsWritten,
  served,
  settlement,
  START,
  stopDate,
  viewOf,
  windowOf,
} from "../../support/user-quota.ts";

/** The day of the first reservation, and the time when it leaves the history. */
const START_DAY = Math.floor(START / 86_400_000);
const HISTORY_END = (START_DAY + 31) * 86_400_000;

const BLOCK: Change = { kind: "block", id: "block", at: START, reason: "a test" };

const alarmOf = (object: QuotaObject) => runInDurableObject(object, (_, { storage }) => storage.getAlarm());

beforeEach(stopDate);
afterEach(resumeDate);

describe("storage", () => {
  it("is one JSON row, written once at reserve and once at settle", async () => {
    const object = createObject();
    // The first reservation also creates the table and sets the alarm.
    await object.reserve(CLAIM, LIMITS, reservation("first"));
    expect(await rowsWritten(object, () => object.reserve(CLAIM, LIMITS, reservation("second")))).toBe(1);
    expect(await rowsWritten(object, () => object.settle(LIMITS, settlement("second", 5)))).toBe(1);
    expect(await rowsOf(object)).toHaveLength(1);
  });

  it("is not written by a refused reservation or by reading the quota", async () => {
    const fresh = createObject();
    expect(await fresh.reserve(CLAIM, limitsOf(10), reservation("one"))).toMatchObject({ ok: false, reason: "window" });
    await viewOf(fresh);
    expect(await rowsOf(fresh)).toEqual([]);

    const used = createObject();
    await used.reserve(CLAIM, LIMITS, reservation("one"));
    const refuse = () => used.reserve(CLAIM, { ...LIMITS, concurrent: 1 }, reservation("two"));
    expect(await rowsWritten(used, refuse)).toBe(0);
  });

  it("does not change when a reservation or settlement is repeated", async () => {
    const object = createObject();
    const granted = await object.reserve(CLAIM, LIMITS, reservation("one"));
    const reserveAgain = async () => expect(await object.reserve(CLAIM, LIMITS, reservation("one"))).toEqual(granted);
    expect(await rowsWritten(object, reserveAgain)).toBe(0);

    await object.settle(LIMITS, settlement("one", 42));
    const repeat = async () => {
      await object.settle(LIMITS, settlement("one", 60));
      await object.settle(LIMITS, settlement("unknown", 60));
      expect(await object.reserve(CLAIM, LIMITS, reservation("one"))).toMatchObject({ ok: false, reason: "settled" });
    };
    expect(await rowsWritten(object, repeat)).toBe(0);
    expect(await windowOf(object)).toEqual({ used: 42, reserved: 0 });
  });

  it("is the same after an eviction, and an operator's change is one row", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.reserve(CLAIM, LIMITS, reservation("two"));
    await object.settle(LIMITS, settlement("one", 42));
    const view = await viewOf(object);
    expect(await rowsWritten(object, () => object.change(BLOCK))).toBe(1);
    const rows = await rowsOf(object);
    expect(rows).toHaveLength(1);
    await evictDurableObject(object);
    expect(await object.inspect(LIMITS)).toEqual(view);
    expect(await object.account()).toMatchObject({ blocked: true, changes: [BLOCK] });
    const refuse = async () =>
      expect(await object.reserve(CLAIM, LIMITS, reservation("three"))).toEqual({ refusal: { reason: "blocked" } });
    expect(await rowsWritten(object, refuse)).toBe(0);
    expect(await rowsOf(object)).toEqual(rows);
  });
});

describe("the alarm", () => {
  it("is moved only for a lease that ends sooner", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    expect(await alarmOf(object)).toBe(START + LEASE_MS);
    await object.reserve(CLAIM, LIMITS, { ...reservation("longer"), leaseMs: 2 * LEASE_MS });
    expect(await alarmOf(object)).toBe(START + LEASE_MS);
    await object.reserve(CLAIM, LIMITS, { ...reservation("shorter"), leaseMs: LEASE_MS / 2 });
    expect(await alarmOf(object)).toBe(START + LEASE_MS / 2);
  });

  it("charges the lease of a user who never returns in full", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await evictDurableObject(object);
    vi.setSystemTime(START + LEASE_MS);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    const [row] = await rowsOf(object);
    expect(JSON.parse(row?.state ?? "")).toMatchObject({ alarmAt: HISTORY_END });
    for (const unit of ["tokens", "usd"]) {
      expect(await windowOf(object, unit)).toEqual({ used: BOUND_TOKENS, reserved: 0 });
    }
  });

  it("leaves a lease that still runs, and is set for its end", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("early"));
    vi.setSystemTime(START + LEASE_MS / 2);
    await object.reserve(CLAIM, LIMITS, reservation("late"));
    vi.setSystemTime(START + LEASE_MS);
    await runDurableObjectAlarm(object);
    expect(await windowOf(object)).toEqual({ used: BOUND_TOKENS, reserved: BOUND_TOKENS });
    expect(await alarmOf(object)).toBe(START + LEASE_MS * 1.5);
  });

  it("deletes all storage when every period and the history have ended, and the user starts again", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.settle(LIMITS, settlement("one", 42));
    vi.setSystemTime(START + LEASE_MS);
    await runDurableObjectAlarm(object);
    expect(await alarmOf(object)).toBe(HISTORY_END);
    vi.setSystemTime(HISTORY_END - 1);
    await runDurableObjectAlarm(object);
    expect(await object.history(31)).toContainEqual({ day: START_DAY, tokens: 42, requests: 1, nanoUsd: 42 });
    expect(await alarmOf(object)).toBe(HISTORY_END);
    expect(await rowsOf(object)).toHaveLength(1);

    vi.setSystemTime(HISTORY_END);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await rowsOf(object)).toEqual([]);
    expect(await alarmOf(object)).toBeNull();
    expect(await object.reserve(CLAIM, LIMITS, reservation("two"))).toMatchObject({ ok: true });
    expect(await windowOf(object)).toEqual({ used: 0, reserved: BOUND_TOKENS });
  });

  it("never deletes an operator's decisions", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await object.settle(LIMITS, settlement("one", 42));
    await object.change(BLOCK);
    vi.setSystemTime(HISTORY_END);
    await runDurableObjectAlarm(object);
    expect(await alarmOf(object)).toBeNull();
    await evictDurableObject(object);
    expect(await object.account()).toMatchObject({ blocked: true, changes: [BLOCK] });
  });
});

it("a lease survives evictions, expires, and is corrected by a late settlement once", async () => {
  const object = createObject();
  await object.reserve(CLAIM, LIMITS, reservation("one"));
  await object.reserve(CLAIM, LIMITS, reservation("late"));
  await evictDurableObject(object);
  expect(await windowOf(object)).toEqual({ used: 0, reserved: 2 * BOUND_TOKENS });
  await object.settle(LIMITS, settlement("one", 42));
  vi.setSystemTime(START + LEASE_MS);
  await runDurableObjectAlarm(object);
  for (const tokens of [7, 0]) {
    await evictDurableObject(object);
    await object.settle(LIMITS, settlement("late", tokens));
  }
  expect(await windowOf(object)).toEqual({ used: 42 + 7, reserved: 0 });
  expect(await windowOf(object, "requests")).toEqual({ used: 2, reserved: 0 });
});

it("fifty reservations at the same time are granted exactly where they fit", async () => {
  const object = createObject();
  const limits = limitsOf(17 * BOUND_TOKENS + BOUND_TOKENS - 1);
  const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
  const reserve = async (key: string) => served(await object.reserve(CLAIM, limits, reservation(key)));
  const results = await Promise.all(keys.map(reserve));
  expect(results.filter(({ ok }) => ok)).toHaveLength(17);
  expect(results.filter((result) => !result.ok && result.reason === "window")).toHaveLength(33);
  expect(await windowOf(object)).toEqual({ used: 0, reserved: 17 * BOUND_TOKENS });
  await Promise.all(keys.map((key) => object.settle(limits, settlement(key, 1000))));
  expect(await windowOf(object)).toEqual({ used: 17 * BOUND_TOKENS, reserved: 0 });
});
