// The history by day: which charges it has, on which day, and for how long.
// ledger-properties.test.ts compares its sums with all charges of random histories.

import { describe, expect, it } from "vitest";
import { emptyLedger, readLedger } from "../../../../src/core/quota/state.ts";
import { view } from "../../../../src/core/quota/ledger.ts";
import { lastEnd } from "../../../../src/core/quota/expiry.ts";
import { openBook, tokensADay } from "../../support/quota-book.ts";

const DAY_MS = 86_400_000;
const LATE = Date.UTC(2026, 10, 23, 23, 59);
const TODAY = Math.floor(LATE / DAY_MS);
const LEASE_MS = 600_000;
const BOUND = { input: 100, output: 400, inputNanoUsd: 1000, outputNanoUsd: 7 };
const FULL = { tokens: 500, requests: 1, nanoUsd: 3800 };
const NONE = { tokens: 0, requests: 0, nanoUsd: 0 };

const open = (limits = { windows: [tokensADay(1000)], concurrent: 4 }) => openBook(limits, LATE);

describe("a charge", () => {
  it("is on the day of its reservation", () => {
    const book = open();
    book.reserve("one", BOUND);
    book.now += 2 * 60_000;
    book.settle("one", 200, 1, 1500);
    expect(book.history(2)).toEqual([
      { day: TODAY, tokens: 200, requests: 1, nanoUsd: 1500 },
      { day: TODAY + 1, ...NONE },
    ]);
  });

  it("is added to the others of its day, also without a window that counts it", () => {
    const book = open({ windows: [], concurrent: 4 });
    for (const key of ["one", "two"]) {
      book.reserve(key, BOUND);
      book.settle(key, 200, 1, 1500);
    }
    book.spend({ requests: 3 });
    expect(book.history(1)).toEqual([{ day: TODAY, tokens: 400, requests: 5, nanoUsd: 3000 }]);
  });

  it("is the whole bound of an expired lease, until it is settled late", () => {
    const book = open();
    book.reserve("one", BOUND);
    expect(book.history(1)).toEqual([{ day: TODAY, ...NONE }]);
    book.now += LEASE_MS;
    expect(book.history(2)).toEqual([
      { day: TODAY, ...FULL },
      { day: TODAY + 1, ...NONE },
    ]);
    book.settle("one", 200, 1, 1500);
    book.settle("one", 100, 1, 100);
    expect(book.history(2)[0]).toEqual({ day: TODAY, tokens: 200, requests: 1, nanoUsd: 1500 });
  });

  it("of nothing leaves no day", () => {
    const book = open();
    book.reserve("one", BOUND);
    book.giveBack("one");
    expect(book.ledger.days).toBeUndefined();
  });

  it("stays when an operator resets or raises a window", () => {
    const book = open();
    book.reserve("one", BOUND);
    book.reserve("two", BOUND);
    book.settle("one", 200, 1, 1500);
    book.change({ kind: "reset", window: "tokens/day" });
    book.change({ kind: "grant", window: "tokens/day", amount: 50 });
    expect(book.history(1)).toEqual([{ day: TODAY, tokens: 200, requests: 1, nanoUsd: 1500 }]);
    book.now += LEASE_MS;
    expect(book.history(2)[0]).toEqual({ day: TODAY, tokens: 700, requests: 2, nanoUsd: 5300 });
  });
});

describe("a day", () => {
  it("is stored for 31 days, and the row has no more days than that", () => {
    const book = open();
    for (let day = 0; day < 40; day++) {
      book.reserve(`key-${day}`, BOUND);
      book.settle(`key-${day}`, 100 + day, 1, 0);
      book.now += DAY_MS;
    }
    expect(book.history(31)).toHaveLength(31);
    expect(book.history(31)[0]).toMatchObject({ day: TODAY + 10, tokens: 110 });
    expect(book.ledger.days?.amounts).toHaveLength(3 * 31);
    expect(JSON.stringify(book.ledger.days).length).toBeLessThan(31 * 20);
  });

  it("decides the end of the stored state", () => {
    const book = open();
    book.reserve("one", BOUND);
    book.settle("one", 100);
    expect(lastEnd(book.ledger, undefined)).toBe((TODAY + 31) * DAY_MS);
    book.now = (TODAY + 31) * DAY_MS;
    expect(book.history(31).every(({ tokens }) => tokens === 0)).toBe(true);
  });

  it("is not in a ledger that was stored before", () => {
    const stored = readLedger({ ...emptyLedger(), at: LATE, used: { "tokens/day": { start: 0, amount: 7 } } });
    const book = openBook({ windows: [tokensADay(1000)], concurrent: 1 }, LATE, stored);
    expect(book.history(1)).toEqual([{ day: TODAY, ...NONE }]);
    expect(view(book.ledger, book.limits, LATE).windows).toHaveLength(1);
    book.spend({ requests: 1 });
    book.evict();
    expect(book.history(1)).toEqual([{ day: TODAY, tokens: 0, requests: 1, nanoUsd: 0 }]);
  });
});
