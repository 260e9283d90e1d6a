// A ledger that an older version stored is read completely.

import { describe, expect, it } from "vitest";
import { readLedger } from "../../../../src/core/quota/state.ts";
import type { Limits } from "../../../../src/core/quota/view.ts";
import { openBook } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
/** A user with 300 tokens used up, one request that runs and one that has ended by itself, in the first version's words. */
const VERSION_1 = `{
  "version": 1,
  "at": 1795435200000,
  "used": {
    "tokens/day": { "start": 1795392000000, "amount": 300 },
    "requests/minute": { "start": 1795435200000, "amount": 1 }
  },
  "leases": {
    "running": { "at": 1795435200000, "endsAt": 1795435890000, "tokens": 500, "granted": 400, "ended": false },
    "lost": { "at": 1795431000000, "endsAt": 1795434000000, "tokens": 200, "granted": 100, "ended": true }
  },
  "settled": ["earlier"]
}`;
const LIMITS: Limits = {
  windows: [
    { unit: "tokens", per: "day", limit: 1000 },
    { unit: "requests", per: "day", limit: 9 },
    { unit: "usd", per: "day", limit: 1_000_000 },
    { unit: "tokens", per: "day", limit: 700, models: ["swift"] },
  ],
  concurrent: 2,
};

const open = () => openBook(LIMITS, NOON, readLedger(JSON.parse(VERSION_1) as Parameters<typeof readLedger>[0]));

describe("a ledger of the first version", () => {
  it("has its moments where this test believes them to be", () => {
    expect(open().ledger.at).toBe(NOON);
  });

  it("is read with all that it holds, and nothing that it did not know", () => {
    expect(open().ledger).toEqual({
      version: 2,
      at: NOON,
      used: {
        "tokens/day": { start: NOON - 43_200_000, amount: 300 },
        "requests/minute": { start: NOON, amount: 1 },
      },
      extra: {},
      leases: {
        running: {
          at: NOON,
          endsAt: NOON + 690_000,
          model: "",
          bound: { tokens: 500, requests: 1, usd: 0 },
          granted: 400,
          ended: false,
        },
        lost: {
          at: NOON - 4_200_000,
          endsAt: NOON - 1_200_000,
          model: "",
          bound: { tokens: 200, requests: 1, usd: 0 },
          granted: 100,
          ended: true,
        },
      },
      settled: ["earlier"],
    });
  });

  it("still holds what runs, and counts it in no group of models, since it does not know of which it is", () => {
    const [all, , , group] = open().view().windows;
    expect(all).toMatchObject({ used: 300, reserved: 500, left: 200 });
    expect(group).toMatchObject({ used: 0, reserved: 0, left: 700 });
  });

  it("repeats no request of the old version", () => {
    const book = open();
    expect(book.reserve("running", { input: 1, output: 1 })).toMatchObject({ ok: true, granted: 400 });
    expect(book.reserve("earlier", { input: 1, output: 1 })).toMatchObject({ ok: false, reason: "settled" });
  });
});

describe("a ledger of this version", () => {
  it("is read as it is", () => {
    const book = open();
    book.reserve("next", { input: 10, output: 0, minOutput: 0 });
    const stored = JSON.stringify(book.ledger);
    expect(JSON.stringify(readLedger(JSON.parse(stored) as Parameters<typeof readLedger>[0]))).toBe(stored);
  });
});
