import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Limits } from "../../src/core/quota/view.ts";
import type { QuotaObject } from "../support/user-quota.ts";
import {
  BOUND,
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
  served,
  settlement,
  START,
  stopDate,
  windowOf,
} from "../support/user-quota.ts";

beforeEach(stopDate);
afterEach(resumeDate);

describe("a lease", () => {
  it("survives the loss of memory between reserve and settle, and settles once", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
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
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    await evictDurableObject(object);
    vi.setSystemTime(START + LEASE_MS);
    expect(await runDurableObjectAlarm(object)).toBe(true);

    const [row] = await rowsOf(object);
    expect(JSON.parse(row?.state ?? "")).toMatchObject({
      alarmAt: NEXT_DAY,
      ledger: { used: { "tokens/day": { amount: BOUND_TOKENS }, "requests/day": { amount: 1 } } },
    });
    expect(await windowOf(object)).toEqual({ used: BOUND_TOKENS, reserved: 0 });
    expect(await windowOf(object, "usd")).toEqual({ used: BOUND_TOKENS, reserved: 0 });
  });

  it("that ended by itself is corrected by a late settlement, once", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    vi.setSystemTime(START + LEASE_MS);
    await runDurableObjectAlarm(object);
    await evictDurableObject(object);

    await object.settle(LIMITS, settlement("one", 7));
    expect(await windowOf(object)).toEqual({ used: 7, reserved: 0 });
    await object.settle(LIMITS, settlement("one", 0));
    expect(await windowOf(object)).toEqual({ used: 7, reserved: 0 });
  });

  it("that spans midnight is charged to the day on which it was reserved", async () => {
    const object = createObject();
    vi.setSystemTime(NEXT_DAY - LEASE_MS / 2);
    await object.reserve(CLAIM, LIMITS, reservation("one"));
    vi.setSystemTime(NEXT_DAY);
    expect(await windowOf(object)).toEqual({ used: 0, reserved: 0 });
    await object.settle(LIMITS, settlement("one", 42));
    expect(await windowOf(object)).toEqual({ used: 0, reserved: 0 });
    // The clock of the machine goes back: what was seen of time stays.
    vi.setSystemTime(NEXT_DAY - LEASE_MS);
    expect(await windowOf(object)).toEqual({ used: 0, reserved: 0 });
  });

  it("that is still running when the alarm comes keeps running, and gets an alarm of its own", async () => {
    const object = createObject();
    await object.reserve(CLAIM, LIMITS, reservation("early"));
    vi.setSystemTime(START + LEASE_MS / 2);
    await object.reserve(CLAIM, LIMITS, reservation("late"));
    vi.setSystemTime(START + LEASE_MS);
    await runDurableObjectAlarm(object);
    expect(await windowOf(object)).toEqual({ used: BOUND_TOKENS, reserved: BOUND_TOKENS });

    vi.setSystemTime(START + LEASE_MS * 1.5);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await windowOf(object)).toEqual({ used: 2 * BOUND_TOKENS, reserved: 0 });
  });
});

const reserveFifty = (object: QuotaObject, limits: Limits, bound = BOUND) =>
  Promise.all(
    Array.from({ length: 50 }, async (_, index) =>
      served(await object.reserve(CLAIM, limits, reservation(`key-${index}`, bound))),
    ),
  );

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
