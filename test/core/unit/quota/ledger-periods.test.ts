// The ledger over time and over changes of plan: boundaries of periods, a clock that runs backwards, other windows.

import { describe, expect, it } from "vitest";
import type { Period } from "../../../../src/core/catalog/quota-window.ts";
import type { Limits } from "../../../../src/core/quota/view.ts";
import { openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MIDNIGHT = Date.UTC(2026, 10, 24);
const tokensA = (per: Period, limit = 1000): Limits => ({ windows: [{ unit: "tokens", per, limit }], concurrent: 4 });

describe("a window's period", () => {
  it.each([
    { per: "minute", last: Date.UTC(2026, 10, 23, 12, 34, 59, 999), next: Date.UTC(2026, 10, 23, 12, 35) },
    { per: "hour", last: Date.UTC(2026, 10, 23, 12, 59, 59, 999), next: Date.UTC(2026, 10, 23, 13) },
    { per: "day", last: Date.UTC(2026, 10, 23, 23, 59, 59, 999), next: MIDNIGHT },
    { per: "month", last: Date.UTC(2026, 10, 30, 23, 59, 59, 999), next: Date.UTC(2026, 11, 1) },
  ] as const)("of a $per ends on the UTC $per, and use ends with it", ({ per, last, next }) => {
    const book = openBook(tokensA(per), last);
    book.reserve("first", { input: 400, output: 100 });
    book.settle("first", 450);
    expect(book.view().windows[0]).toMatchObject({ used: 450, left: 550, resetAt: next });
    book.now = next;
    expect(book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
  });

  it("is the one in which a request was reserved, even when the answer spans midnight", () => {
    const book = openBook(tokensA("day"), MIDNIGHT - 1000);
    book.reserve("late evening", { input: 400, output: 100 });
    book.now = MIDNIGHT + 1000;
    expect(book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
    expect(book.settle("late evening", 450)).toBe(true);
    expect(book.tokens()).toEqual({ used: 0, reserved: 0, left: 1000 });
  });

  it("is not charged for a lease of the day before that ends by itself", () => {
    const limits = {
      windows: [tokensADay(1000), { unit: "tokens", per: "month", limit: 9000 } as const],
      concurrent: 4,
    };
    const book = openBook(limits, MIDNIGHT - 1000);
    book.reserve("lost", { input: 400, output: 100 }, 600_000);
    book.now = MIDNIGHT + 600_000;
    expect(book.tokens("day").used).toBe(0);
    expect(book.tokens("month").used).toBe(500);
  });
});

describe("a clock that runs backwards", () => {
  it("gives no period back", () => {
    const book = openBook(tokensA("day"), MIDNIGHT - 1000);
    book.reserve("yesterday", { input: 900, output: 100 });
    book.settle("yesterday", 1000);
    book.now = MIDNIGHT + 1000;
    book.reserve("today", { input: 500, output: 100 });
    book.settle("today", 600);
    book.now = MIDNIGHT - 500;
    expect(book.view().windows[0]).toMatchObject({ used: 600, left: 400, resetAt: MIDNIGHT + 86_400_000 });
  });

  it("never tells a caller to come back in the past", () => {
    const book = openBook(tokensA("day"), NOON);
    book.reserve("first", { input: 999, output: 1 });
    book.settle("first", 1000);
    book.now = NOON - 3_600_000;
    expect(book.reserve("second", { input: 1, output: 1 })).toMatchObject({ ok: false, retryAfterMs: MIDNIGHT - NOON });
  });
});

describe("a change of plan", () => {
  it("holds from the next request on, and keeps what was used", () => {
    const book = openBook(tokensA("day", 1000), NOON);
    book.reserve("first", { input: 900, output: 100 });
    book.settle("first", 950);
    book.limits = tokensA("day", 5000);
    expect(book.tokens()).toEqual({ used: 950, reserved: 0, left: 4050 });
    expect(book.reserve("second", { input: 3000, output: 500 })).toMatchObject({ ok: true, granted: 500 });
  });

  it("to a lower limit leaves nothing, and never less than nothing", () => {
    const book = openBook(tokensA("day", 1000), NOON);
    book.reserve("first", { input: 900, output: 100 });
    book.settle("first", 950);
    book.limits = tokensA("day", 500);
    expect(book.tokens()).toEqual({ used: 950, reserved: 0, left: 0 });
    const refused = book.reserve("second", { input: 1, output: 1 });
    expect(refused).toMatchObject({ ok: false, reason: "window", retryAfterMs: MIDNIGHT - NOON });
  });

  it("to a window that is new begins with the requests that run", () => {
    const book = openBook(tokensA("day"), NOON);
    book.reserve("running", { input: 300, output: 100 });
    book.limits = tokensA("month", 1000);
    expect(book.tokens()).toEqual({ used: 0, reserved: 400, left: 600 });
    book.reserve("next", { input: 100, output: 100 });
    book.settle("running", 350);
    expect(book.tokens()).toEqual({ used: 350, reserved: 200, left: 450 });
  });

  it("to a window that is new counts a lease that ended by itself until it is corrected", () => {
    const book = openBook(tokensA("day"), NOON);
    book.reserve("lost", { input: 300, output: 100 }, 1000);
    book.now = NOON + 2000;
    book.limits = tokensA("month", 1000);
    book.reserve("next", { input: 100, output: 100 });
    expect(book.tokens()).toEqual({ used: 400, reserved: 200, left: 400 });
    book.settle("lost", 310);
    expect(book.tokens()).toEqual({ used: 310, reserved: 200, left: 490 });
  });

  it("away from a window and back keeps what was used of it in the same period", () => {
    const both = { windows: [tokensADay(1000), { unit: "requests", per: "day", limit: 10 } as const], concurrent: 4 };
    const book = openBook(both, NOON);
    book.reserve("first", { input: 300, output: 100 });
    book.settle("first", 350);
    book.limits = { windows: [{ unit: "requests", per: "day", limit: 10 }], concurrent: 4 };
    book.reserve("second", { input: 100, output: 100 });
    book.settle("second", 150);
    book.limits = both;
    expect(book.tokens().used).toBe(500);
    expect(book.requests().used).toBe(2);
  });

  it("lets a plan without windows use the model as often as it may run at once", () => {
    const book = openBook({ windows: [], concurrent: 1 }, NOON);
    expect(book.reserve("first", { input: 1_000_000, output: 500 })).toMatchObject({ ok: true, granted: 500 });
    expect(book.reserve("second", { input: 1, output: 1 })).toMatchObject({ ok: false, reason: "concurrent" });
  });
});
