// The ledger's rules, one by one, from a fixed moment: what is granted, refused, settled and told.

import { describe, expect, it } from "vitest";
import type { Bound, ReserveResult } from "../../../../src/core/quota/ledger.ts";
import { nextLeaseEnd, reserve, settle, view } from "../../../../src/core/quota/ledger.ts";
import { emptyLedger } from "../../../../src/core/quota/state.ts";
import type { Limits } from "../../../../src/core/quota/view.ts";
import type { Book } from "../../support/quota-book.ts";
import { boundOf, openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MIDNIGHT = Date.UTC(2026, 10, 24);
const LEASE_MS = 600_000;
const PLAN: Limits = {
  windows: [
    { unit: "tokens", per: "day", limit: 1000 },
    { unit: "requests", per: "minute", limit: 3 },
  ],
  concurrent: 2,
};

/** A refusal by a window, without the view that goes with it. */
function refusalIn(result: ReserveResult) {
  if (result.ok || result.reason !== "window") throw new Error(`not refused by a window: ${JSON.stringify(result)}`);
  const { window, needed, retryAfterMs } = result;
  return { window: `${window.unit}/${window.per}`, needed, retryAfterMs };
}

/** A book in which that many tokens are used up, in one request that is settled. */
function bookWithUse(tokens: number, limits: Limits = PLAN): Book {
  const book = openBook(limits, NOON);
  book.reserve("earlier", { input: tokens, output: 0 });
  book.settle("earlier", tokens);
  return book;
}

describe("reserve", () => {
  it("grants the whole bound when it fits, and takes it from every window", () => {
    const book = openBook(PLAN, NOON);
    const result = book.reserve("first", { input: 100, output: 400 });
    expect(result).toMatchObject({ ok: true, granted: 400 });
    expect(result.view).toEqual(book.view());
    expect(book.view()).toEqual({
      windows: [
        { unit: "tokens", per: "day", limit: 1000, used: 0, reserved: 500, left: 500, resetAt: MIDNIGHT },
        { unit: "requests", per: "minute", limit: 3, used: 0, reserved: 1, left: 2, resetAt: NOON + 60_000 },
      ],
      leases: { running: 1, allowed: 2 },
    });
  });

  it("lowers the output to what is left", () => {
    const book = bookWithUse(700);
    expect(book.reserve("second", { input: 100, output: 5000, minOutput: 50 })).toMatchObject({
      ok: true,
      granted: 200,
    });
    expect(book.tokens()).toEqual({ used: 700, reserved: 300, left: 0 });
  });

  it("grants exactly what is left when that is exactly the least that makes sense", () => {
    const book = bookWithUse(700);
    expect(book.reserve("second", { input: 100, output: 5000, minOutput: 200 })).toMatchObject({
      ok: true,
      granted: 200,
    });
  });

  it("refuses until the window's reset when the window is used up", () => {
    const book = bookWithUse(700);
    const result = book.reserve("second", { input: 100, output: 5000, minOutput: 201 });
    expect(refusalIn(result)).toEqual({ window: "tokens/day", needed: 301, retryAfterMs: MIDNIGHT - NOON });
    expect(book.tokens()).toEqual({ used: 700, reserved: 0, left: 300 });
  });

  it("asks to retry after a second when only running requests stand in the way", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("running", { input: 100, output: 700 });
    const result = book.reserve("second", { input: 100, output: 500, minOutput: 300 });
    expect(refusalIn(result)).toEqual({ window: "tokens/day", needed: 400, retryAfterMs: 1000 });
    book.settle("running", 150);
    expect(book.reserve("second", { input: 100, output: 500, minOutput: 300 })).toMatchObject({
      ok: true,
      granted: 500,
    });
  });

  it("refuses a request too many until the minute is over", () => {
    const book = openBook(PLAN, NOON);
    for (const key of ["one", "two", "three"]) {
      book.reserve(key, { input: 1, output: 1 });
      book.settle(key, 1);
    }
    book.now = NOON + 20_000;
    expect(refusalIn(book.reserve("four", { input: 1, output: 1 }))).toEqual({
      window: "requests/minute",
      needed: 1,
      retryAfterMs: 40_000,
    });
    book.now = NOON + 60_000;
    expect(book.reserve("four", { input: 1, output: 1 }).ok).toBe(true);
  });

  it("names the window that is full for longest when several refuse", () => {
    const book = bookWithUse(990, {
      ...PLAN,
      windows: [{ unit: "requests", per: "minute", limit: 1 }, tokensADay(1000)],
    });
    const result = book.reserve("second", { input: 11, output: 1 });
    expect(refusalIn(result)).toMatchObject({ window: "tokens/day", retryAfterMs: MIDNIGHT - NOON });
  });

  it("refuses more requests at once than the plan allows", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("one", { input: 1, output: 1 });
    book.reserve("two", { input: 1, output: 1 });
    const result = book.reserve("three", { input: 1, output: 1 });
    expect(result).toMatchObject({ ok: false, reason: "concurrent", retryAfterMs: 1000 });
    expect(result.view.leases).toEqual({ running: 2, allowed: 2 });
    book.settle("one", 1);
    expect(book.reserve("three", { input: 1, output: 1 }).ok).toBe(true);
  });

  it("allows one running request for an exclusive key, and others beside it", () => {
    const reservation = (key: string, exclusive?: string) => ({
      key,
      model: "swift",
      bound: boundOf({ input: 10, output: 10 }),
      leaseMs: LEASE_MS,
      exclusive,
    });
    const roomy = { ...PLAN, concurrent: 9, windows: PLAN.windows.slice(0, 1) };
    const first = reserve(emptyLedger(), roomy, reservation("first", "conv_1"), NOON);
    const next = (key: string, exclusive?: string, from = first.ledger, now = NOON) =>
      reserve(from, roomy, reservation(key, exclusive), now).result;
    expect(next("second", "conv_1")).toMatchObject({ ok: false, reason: "busy", retryAfterMs: 1000 });
    expect(next("first", "conv_1").ok).toBe(true);
    expect(next("second", "conv_2").ok).toBe(true);
    expect(next("second").ok).toBe(true);
    const { ledger } = settle(first.ledger, { key: "first", charge: { tokens: 1, requests: 1, usd: 0 } }, NOON);
    expect(next("second", "conv_1", ledger).ok).toBe(true);
    expect(next("second", "conv_1", first.ledger, NOON + LEASE_MS).ok).toBe(true);
  });

  it("shares what is left between the choices, in whole tokens", () => {
    const book = openBook(PLAN, NOON);
    expect(book.reserve("first", { input: 100, output: 500, choices: 7 })).toMatchObject({ ok: true, granted: 128 });
    expect(book.tokens().reserved).toBe(100 + 7 * 128);
  });

  it("answers a repeated key as before, and reserves it once", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("same", { input: 100, output: 400 });
    const before = book.view();
    expect(book.reserve("same", { input: 999, output: 1 })).toMatchObject({ ok: true, granted: 400 });
    expect(book.view()).toEqual(before);
  });

  it("refuses a key that was settled, since the request is over", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("same", { input: 100, output: 400 });
    book.settle("same", 120);
    expect(book.reserve("same", { input: 100, output: 400 })).toMatchObject({ ok: false, reason: "settled" });
    expect(book.tokens()).toEqual({ used: 120, reserved: 0, left: 880 });
  });

  it("changes no state when it refuses or repeats", () => {
    const bound: Bound = boundOf({ input: 100, output: 400 });
    const once = reserve(emptyLedger(), PLAN, { key: "same", model: "swift", bound, leaseMs: LEASE_MS }, NOON);
    const again = reserve(once.ledger, PLAN, { key: "same", model: "swift", bound, leaseMs: LEASE_MS }, NOON);
    const toolarge = boundOf({ input: 5000, output: 1 });
    const refused = reserve(
      once.ledger,
      PLAN,
      { key: "other", model: "swift", bound: toolarge, leaseMs: LEASE_MS },
      NOON,
    );
    expect([once.changed, again.changed, refused.changed]).toEqual([true, false, false]);
  });

  it("does not mistake Object's own property names for known keys", () => {
    const book = openBook(PLAN, NOON);
    expect(book.reserve("constructor", { input: 100, output: 400 })).toMatchObject({ ok: true, granted: 400 });
    expect(book.tokens().reserved).toBe(500);
  });
});

describe("giving back", () => {
  it("undoes a reservation without a charge", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("first", { input: 100, output: 400 });
    book.giveBack("first");
    expect(book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
    expect(book.view().leases.running).toBe(0);
  });

  it("refuses a reservation that arrives after it", () => {
    const book = openBook(PLAN, NOON);
    book.giveBack("first");
    expect(book.reserve("first", { input: 100, output: 400 })).toMatchObject({ ok: false, reason: "settled" });
    expect(book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
  });
});

describe("settle", () => {
  it("replaces the reservation by what was used", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("first", { input: 100, output: 400 });
    book.settle("first", 123);
    expect(book.tokens()).toEqual({ used: 123, reserved: 0, left: 877 });
    expect(book.requests()).toEqual({ used: 1, reserved: 0, left: 2 });
    expect(book.view().leases.running).toBe(0);
  });

  it("never charges more than was reserved", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("first", { input: 100, output: 400 });
    book.settle("first", 90_000, 7);
    expect(book.tokens().used).toBe(500);
    expect(book.requests().used).toBe(1);
  });

  it("counts a key once", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("first", { input: 100, output: 400 });
    book.settle("first", 123);
    expect(book.settle("first", 300)).toBe(false);
    expect(book.tokens().used).toBe(123);
  });

  it.each(["never reserved", "constructor", "toString"])("changes nothing for the unknown key '%s'", (key) => {
    const book = openBook(PLAN, NOON);
    book.reserve("first", { input: 100, output: 400 });
    const before = book.view();
    expect(book.settle(key, 300)).toBe(false);
    expect(book.view()).toEqual(before);
  });
});

describe("a lease", () => {
  it("expires exactly at its end, and is charged in full", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("lost", { input: 100, output: 400 }, LEASE_MS);
    book.now = NOON + LEASE_MS - 1;
    expect(book.tokens()).toEqual({ used: 0, reserved: 500, left: 500 });
    expect(book.view().leases.running).toBe(1);
    book.now = NOON + LEASE_MS;
    expect(book.tokens()).toEqual({ used: 500, reserved: 0, left: 500 });
    expect(book.view().leases.running).toBe(0);
  });

  it("is corrected by a late settlement, once", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("late", { input: 100, output: 400 }, LEASE_MS);
    book.now = NOON + LEASE_MS + 3_599_999;
    expect(book.tokens().used).toBe(500);
    expect(book.settle("late", 123)).toBe(true);
    expect(book.tokens()).toEqual({ used: 123, reserved: 0, left: 877 });
    expect(book.settle("late", 50)).toBe(false);
    expect(book.tokens().used).toBe(123);
  });

  it("can no longer be corrected after an hour", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("late", { input: 100, output: 400 }, LEASE_MS);
    book.now = NOON + LEASE_MS + 3_600_000;
    expect(book.settle("late", 123)).toBe(false);
    expect(book.tokens().used).toBe(500);
  });

  it("tells when the next one expires, for the alarm", () => {
    const book = openBook(PLAN, NOON);
    expect(nextLeaseEnd(book.ledger)).toBeUndefined();
    book.reserve("long", { input: 1, output: 1 }, 9000);
    book.reserve("short", { input: 1, output: 1 }, 4000);
    expect(nextLeaseEnd(book.ledger)).toBe(NOON + 4000);
    book.settle("short", 1);
    expect(nextLeaseEnd(book.ledger)).toBe(NOON + 9000);
    book.settle("long", 1);
    expect(nextLeaseEnd(book.ledger)).toBeUndefined();
  });

  it("that has expired needs no alarm, though it can still be corrected", () => {
    const book = openBook(PLAN, NOON);
    book.reserve("lost", { input: 1, output: 1 }, 1000);
    book.now = NOON + 2000;
    book.reserve("next", { input: 1, output: 1 }, 9000);
    expect(nextLeaseEnd(book.ledger)).toBe(NOON + 11_000);
    book.settle("next", 1);
    expect(nextLeaseEnd(book.ledger)).toBeUndefined();
  });
});

describe("the state", () => {
  it("is never mutated", () => {
    const bound = boundOf({ input: 100, output: 400 });
    const { ledger } = reserve(emptyLedger(), PLAN, { key: "first", model: "swift", bound, leaseMs: LEASE_MS }, NOON);
    const before = structuredClone(ledger);
    reserve(ledger, PLAN, { key: "second", model: "swift", bound, leaseMs: LEASE_MS }, NOON + LEASE_MS);
    settle(ledger, { key: "first", charge: { tokens: 1, requests: 1, usd: 1 } }, NOON + LEASE_MS);
    view(ledger, PLAN, MIDNIGHT);
    expect(ledger).toEqual(before);
  });

  it("does not grow with the number of requests", () => {
    const book = openBook({ windows: [tokensADay(1_000_000)], concurrent: 1 }, NOON);
    const sizes: number[] = [];
    for (let count = 0; count < 300; count++) {
      book.now += 60_000;
      book.reserve(`key-${String(count).padStart(4, "0")}`, { input: 1, output: 1 });
      book.settle(`key-${String(count).padStart(4, "0")}`, 2);
      sizes.push(JSON.stringify(book.ledger).length);
    }
    expect(Math.max(...sizes.slice(100))).toBeLessThan(Math.min(...sizes.slice(100)) + 20);
  });
});
