// The ledger's rules, one by one, from a fixed time.
// ledger-properties.test.ts checks its arithmetic in random histories.

import { describe, expect, it } from "vitest";
import type { QuotaWindow } from "../../../../src/core/catalog/quota-window.ts";
import type { Reservation } from "../../../../src/core/quota/ledger.ts";
import { nextLeaseEnd } from "../../../../src/core/quota/expiry.ts";
import { reserve, settle, view } from "../../../../src/core/quota/ledger.ts";
import { emptyLedger } from "../../../../src/core/quota/state.ts";
import type { BoundSketch } from "../../support/quota-book.ts";
import { boundOf, openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MIDNIGHT = Date.UTC(2026, 10, 24);
const LEASE_MS = 600_000;

const usdADay = (limit: number): QuotaWindow => ({ unit: "usd", per: "day", limit });
const requestsA = (per: QuotaWindow["per"], limit: number): QuotaWindow => ({ unit: "requests", per, limit });
const open = (...windows: QuotaWindow[]) => openBook({ windows, concurrent: 4 }, NOON);

/** 100 tokens of input for 1000 nano-dollars, and output at 7 each. */
const PRICED = { input: 100, output: 500, inputNanoUsd: 1000, outputNanoUsd: 7, minOutput: 50 };

describe("reserve", () => {
  it("takes the bound from every window", () => {
    const book = open(tokensADay(1000), requestsA("minute", 3));
    const result = book.reserve("first", { input: 100, output: 400 });
    expect(result).toMatchObject({ ok: true, granted: 400 });
    expect(result.view).toEqual(book.view());
    expect(book.view()).toEqual({
      windows: [
        { unit: "tokens", per: "day", limit: 1000, used: 0, reserved: 500, left: 500, resetAt: MIDNIGHT },
        { unit: "requests", per: "minute", limit: 3, used: 0, reserved: 1, left: 2, resetAt: NOON + 60_000 },
      ],
      leases: { running: 1, allowed: 4 },
    });
  });

  it.each<[string, QuotaWindow[], BoundSketch, number, number]>([
    ["as much output as fits", [tokensADay(300)], { input: 100, output: 5000, minOutput: 50 }, 200, 300],
    ["exactly the minimum", [tokensADay(300)], { input: 100, output: 5000, minOutput: 200 }, 200, 300],
    ["whole tokens to each choice", [tokensADay(1000)], { input: 100, output: 500, choices: 7 }, 128, 996],
    ["everything under a plan without windows", [], { input: 1_000_000, output: 500 }, 500, NaN],
    ["the output that the money pays for", [usdADay(3000)], PRICED, 285, 2995],
    ["that output to each choice", [usdADay(3000)], { ...PRICED, choices: 3 }, 95, 2995],
    ["the minimum that the money pays for", [usdADay(1350)], PRICED, 50, 1350],
    ["all output when output is free", [usdADay(1000)], { ...PRICED, outputNanoUsd: 0 }, 500, 1000],
  ])("grants %s", (_what, windows, bound, granted, reserved) => {
    const book = open(...windows);
    expect(book.reserve("first", bound)).toMatchObject({ ok: true, granted });
    expect(book.view().windows[0]?.reserved ?? NaN).toBe(reserved);
  });

  const day = MIDNIGHT - NOON;
  it.each<[string, QuotaWindow[], { used?: number; running?: number }, BoundSketch, object]>([
    [
      "until the reset when a window is used up",
      [tokensADay(1000)],
      { used: 700 },
      { input: 100, output: 5000, minOutput: 201 },
      { window: { unit: "tokens", left: 300 }, needed: 301, retryAfterMs: day },
    ],
    [
      "for a second when only running requests are in the way",
      [tokensADay(1000)],
      { running: 800 },
      { input: 100, output: 500, minOutput: 300 },
      { window: { unit: "tokens" }, needed: 400, retryAfterMs: 1000 },
    ],
    ["that costs too much", [usdADay(1349)], {}, PRICED, { window: { unit: "usd" }, needed: 1350 }],
    [
      "by requests",
      [requestsA("minute", 1)],
      { used: 1 },
      { input: 1, output: 1 },
      { window: { unit: "requests" }, needed: 1, retryAfterMs: 60_000 },
    ],
    [
      "by the window with the latest reset, of several that are used up",
      [requestsA("minute", 1), tokensADay(1000)],
      { used: 990 },
      { input: 11, output: 1 },
      { window: { unit: "tokens" }, retryAfterMs: day },
    ],
    [
      "by a window that is used up before one that running requests fill",
      [tokensADay(1000), requestsA("hour", 2)],
      { used: 1, running: 950 },
      { input: 500, output: 1 },
      { window: { unit: "requests" }, retryAfterMs: 3_600_000 },
    ],
  ])("refuses a request %s", (_why, windows, { used, running }, bound, refusal) => {
    const book = open(...windows);
    if (used !== undefined) {
      book.reserve("used", { input: used, output: 0 });
      book.settle("used", used);
    }
    // A second settled request, so that the requests of the hour are used up as well.
    if (running !== undefined && used !== undefined) {
      book.reserve("second", { input: 0, output: 0, minOutput: 0 });
      book.settle("second", 0);
      book.limits = { ...book.limits, windows: windows.slice(0, 1) };
    }
    if (running !== undefined) book.reserve("running", { input: running, output: 0, minOutput: 0 });
    book.limits = { ...book.limits, windows };
    const before = book.ledger;
    expect(book.reserve("next", bound)).toMatchObject({ ok: false, reason: "window", ...refusal });
    expect(book.ledger).toBe(before);
  });

  it("refuses more requests at once than the plan allows", () => {
    const book = open(tokensADay(1000));
    for (const key of ["one", "two", "three", "four"]) book.reserve(key, { input: 1, output: 1 });
    const result = book.reserve("five", { input: 1, output: 1 });
    expect(result).toMatchObject({ ok: false, reason: "concurrent", retryAfterMs: 1000 });
    expect(result.view.leases).toEqual({ running: 4, allowed: 4 });
    book.settle("one", 1);
    expect(book.reserve("five", { input: 1, output: 1 }).ok).toBe(true);
  });

  it("takes no place for a part of a running request, only tokens", () => {
    const book = open(tokensADay(11));
    for (const key of ["one", "two", "three", "four"]) book.reserve(key, { input: 1, output: 1 });
    expect(book.reservePart("part", "one")).toMatchObject({ ok: true, view: { leases: { running: 4, allowed: 4 } } });
    expect(book.tokens()).toEqual({ used: 0, reserved: 10, left: 1 });
    expect(book.reservePart("more", "one")).toMatchObject({ ok: false, reason: "window" });
    book.settle("part", 0);
    for (const other of ["none", "constructor", "part"]) {
      expect(book.reservePart(`part of ${other}`, other)).toMatchObject({ ok: false, reason: "concurrent" });
    }
    expect(book.reservePart("last", "one").ok).toBe(true);
    book.settle("one", 1);
    expect(book.reserve("five", { input: 0, output: 1 }).ok).toBe(true);
  });

  it("allows one running request for an exclusive key, and others beside it", () => {
    const book = open(tokensADay(1000));
    const next = (key: string, exclusive?: string) =>
      book.reserve(key, { input: 10, output: 10 }, LEASE_MS, "swift", exclusive);
    next("first", "conv_1");
    expect(next("second", "conv_1")).toMatchObject({ ok: false, reason: "busy", retryAfterMs: 1000 });
    expect([next("first", "conv_1").ok, next("third", "conv_2").ok, next("fourth").ok]).toEqual([true, true, true]);
    book.settle("first", 1);
    expect(next("second", "conv_1").ok).toBe(true);
    book.now += LEASE_MS;
    expect(next("fifth", "conv_1").ok).toBe(true);
  });

  it("answers a repeated key with the first grant, and a settled key with a refusal", () => {
    const book = open(tokensADay(1000));
    // The name of one of Object's own properties is a key like any other.
    const key = "constructor";
    book.reserve(key, { input: 100, output: 400 });
    const before = book.ledger;
    expect(book.reserve(key, { input: 999, output: 1 })).toMatchObject({ ok: true, granted: 400 });
    expect(book.ledger).toBe(before);
    book.settle(key, 120);
    expect(book.reserve(key, { input: 100, output: 400 })).toMatchObject({ ok: false, reason: "settled" });
    expect(book.tokens()).toEqual({ used: 120, reserved: 0, left: 880 });
  });
});

describe("settle", () => {
  it("replaces the reservation with the charge, once", () => {
    const book = open(tokensADay(1000), requestsA("minute", 3), usdADay(5000));
    book.reserve("first", PRICED);
    expect(book.settle("first", 123, 1, 1140)).toBe(true);
    expect(book.settle("first", 300, 1, 2000)).toBe(false);
    expect(book.tokens()).toEqual({ used: 123, reserved: 0, left: 877 });
    expect(book.requests()).toEqual({ used: 1, reserved: 0, left: 2 });
    expect(book.use("usd")).toEqual({ used: 1140, reserved: 0, left: 3860 });
    expect(book.view().leases.running).toBe(0);
  });

  it("charges at most the reservation, in every unit", () => {
    const book = open(tokensADay(1000), requestsA("minute", 3), usdADay(5000));
    book.reserve("first", { ...PRICED, output: 400 });
    book.settle("first", 90_000, 7, 90_000);
    expect([book.tokens().used, book.requests().used, book.use("usd").used]).toEqual([500, 1, 3800]);
  });

  it("adds what a request cost beyond its reservation, even where a window has no room", () => {
    const limits = { windows: [tokensADay(1000)], concurrent: 4 };
    const reservation = { key: "first", model: "swift", bound: boundOf(PRICED), leaseMs: LEASE_MS };
    const { ledger } = reserve(emptyLedger(), limits, reservation, NOON);
    const charge = { tokens: 9000, requests: 1, nanoUsd: 0 };
    const settlement = { key: "first", charge, excess: { tokens: 700, requests: 0, nanoUsd: 0 } };
    const settled = settle(ledger, settlement, NOON).ledger;
    expect(view(settled, limits, NOON).windows[0]).toMatchObject({ used: 600 + 700, left: 0, reserved: 0 });
    expect(settle(settled, settlement, NOON).changed).toBe(false);
    expect(reserve(settled, limits, { ...reservation, key: "next" }, NOON).result.ok).toBe(false);
  });

  it.each(["never reserved", "constructor", "toString"])("changes nothing for the unknown key '%s'", (key) => {
    const book = open(tokensADay(1000));
    book.reserve("first", { input: 100, output: 400 });
    const before = book.ledger;
    expect(book.settle(key, 300)).toBe(false);
    expect(book.ledger).toBe(before);
  });

  it("counts in the windows of the model and of all models, and in no window of others", () => {
    const book = open({ ...tokensADay(300), models: ["deep", "wide"] }, tokensADay(1000));
    expect(book.reserve("first", { input: 100, output: 900 }, LEASE_MS, "wide")).toMatchObject({ granted: 200 });
    expect(book.reserve("second", { input: 100, output: 900 }, LEASE_MS, "swift")).toMatchObject({ granted: 600 });
    book.settle("first", 150);
    book.settle("second", 30);
    expect(book.view().windows.map(({ used }) => used)).toEqual([150, 180]);
  });
});

describe("giving back", () => {
  it.each([true, false])("leaves no charge, and refuses the key from then on (reserved before: %s)", (isReserved) => {
    const book = open(tokensADay(1000));
    if (isReserved) book.reserve("first", { input: 100, output: 400 });
    book.giveBack("first");
    expect(book.reserve("first", { input: 100, output: 400 })).toMatchObject({ ok: false, reason: "settled" });
    expect(book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
  });
});

function leased() {
  const book = open(tokensADay(1000));
  book.reserve("late", { input: 100, output: 400 }, LEASE_MS);
  return book;
}

describe("a lease", () => {
  it("expires exactly at its end, and is charged in full", () => {
    const book = leased();
    book.now = NOON + LEASE_MS - 1;
    expect(book.tokens()).toEqual({ used: 0, reserved: 500, left: 500 });
    book.now = NOON + LEASE_MS;
    expect(book.tokens()).toEqual({ used: 500, reserved: 0, left: 500 });
    expect(book.view().leases.running).toBe(0);
  });

  it.each([
    [3_599_999, true, 123],
    [3_600_000, false, 500],
  ])("is corrected by a settlement %d ms after its end: %s", (afterMs, isCorrected, used) => {
    const book = leased();
    book.now = NOON + LEASE_MS + afterMs;
    expect(book.settle("late", 123)).toBe(isCorrected);
    expect(book.settle("late", 50)).toBe(false);
    expect(book.tokens().used).toBe(used);
  });

  it("that runs and ends next is the time of the alarm", () => {
    const book = leased();
    book.reserve("short", { input: 1, output: 1 }, 4000);
    expect(nextLeaseEnd(book.ledger)).toBe(NOON + 4000);
    book.now = NOON + 5000;
    book.reserve("next", { input: 1, output: 1 }, LEASE_MS);
    expect(nextLeaseEnd(book.ledger)).toBe(NOON + LEASE_MS);
    book.settle("late", 1);
    book.settle("next", 1);
    // The expired lease can still be corrected, but needs no alarm.
    expect(nextLeaseEnd(book.ledger)).toBeUndefined();
  });
});

describe("over time", () => {
  it("the use of a window ends with its period, and a settlement counts in the period of its reservation", () => {
    const book = openBook({ windows: [tokensADay(1000)], concurrent: 4 }, MIDNIGHT - 1000);
    book.reserve("first", { input: 400, output: 100 });
    book.settle("first", 450);
    book.reserve("late", { input: 400, output: 100 });
    book.reserve("lost", { input: 1, output: 1 }, 1500);
    expect(book.view().windows[0]).toMatchObject({ used: 450, resetAt: MIDNIGHT });
    book.now = MIDNIGHT;
    expect(book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
    expect(book.settle("late", 450)).toBe(true);
    book.now = MIDNIGHT + 1000;
    expect(book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
  });

  it("a clock that runs backwards brings back no period, and no reset in the past", () => {
    const book = open(tokensADay(1000));
    book.now = MIDNIGHT + 1000;
    book.reserve("today", { input: 999, output: 1 });
    book.settle("today", 1000);
    book.now = MIDNIGHT - 500;
    expect(book.view().windows[0]).toMatchObject({ used: 1000, resetAt: MIDNIGHT + 86_400_000 });
    expect(book.reserve("next", { input: 1, output: 1 })).toMatchObject({ ok: false, retryAfterMs: 86_399_000 });
  });

  it("a new window of a plan starts with the running leases, and with expired ones that can be corrected", () => {
    const book = open(tokensADay(1000));
    book.reserve("lost", { input: 300, output: 100 }, 1000);
    book.reserve("running", { input: 100, output: 100 });
    book.now = NOON + 2000;
    book.limits = { ...book.limits, windows: [{ ...tokensADay(1000), per: "month" }] };
    book.reserve("next", { input: 50, output: 50 });
    expect(book.tokens()).toEqual({ used: 400, reserved: 300, left: 300 });
    book.settle("lost", 310);
    expect(book.tokens()).toEqual({ used: 310, reserved: 300, left: 390 });
  });

  it("a lower limit leaves nothing, and never less", () => {
    const book = open(tokensADay(1000));
    book.reserve("first", { input: 900, output: 100 });
    book.settle("first", 950);
    book.limits = { ...book.limits, windows: [tokensADay(500)] };
    expect(book.tokens()).toEqual({ used: 950, reserved: 0, left: 0 });
    expect(book.reserve("second", { input: 1, output: 1 })).toMatchObject({ ok: false, retryAfterMs: MIDNIGHT - NOON });
  });
});

describe("the state", () => {
  it("is never mutated", () => {
    const limits = { windows: [tokensADay(1000)], concurrent: 2 };
    const bound = boundOf({ input: 100, output: 400 });
    const reservation = (key: string): Reservation => ({ key, model: "swift", bound, leaseMs: LEASE_MS });
    const { ledger } = reserve(emptyLedger(), limits, reservation("first"), NOON);
    const before = structuredClone(ledger);
    reserve(ledger, limits, reservation("second"), NOON + LEASE_MS);
    settle(ledger, { key: "first", charge: { tokens: 1, requests: 1, nanoUsd: 1 } }, NOON + LEASE_MS);
    view(ledger, limits, MIDNIGHT);
    expect(ledger).toEqual(before);
  });

  it("does not grow with the number of requests", () => {
    const book = open(tokensADay(1_000_000));
    const sizes: number[] = [];
    for (let count = 1000; count < 1300; count++) {
      book.now += 60_000;
      book.reserve(`key-${count}`, { input: 1, output: 1 });
      book.settle(`key-${count}`, 2);
      sizes.push(JSON.stringify(book.ledger).length);
    }
    expect(Math.max(...sizes.slice(100))).toBeLessThan(Math.min(...sizes.slice(100)) + 20);
  });
});
