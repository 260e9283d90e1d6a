// Stored ledgers: the current version is read unchanged, the previous one is converted.

import { expect, it } from "vitest";
import { readLedger } from "../../../../src/core/quota/state.ts";
import { openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const LEASE = { at: NOON, endsAt: NOON + 690_000, model: "swift", granted: 400, ended: false };
const STATE = {
  at: NOON,
  used: {
    "tokens/day": { start: NOON - 43_200_000, amount: 300 },
    "usd/day": { start: NOON - 43_200_000, amount: 5 },
  },
  extra: { "usd/day": { start: NOON - 43_200_000, amount: 5 } },
  settled: ["earlier"],
};
const VERSION_2 = {
  ...STATE,
  version: 2 as const,
  leases: { running: { ...LEASE, exclusive: "conv_1", bound: { tokens: 500, requests: 1, usd: 70 } } },
};
const VERSION_3 = {
  ...STATE,
  version: 3 as const,
  leases: { running: { ...LEASE, exclusive: "conv_1", bound: { tokens: 500, requests: 1, nanoUsd: 70 } } },
};

it("a ledger of version 2 is converted with everything that it has", () => {
  expect(readLedger(VERSION_2)).toEqual(VERSION_3);
});

it("a converted ledger repeats no request and charges what runs", () => {
  const limits = { windows: [tokensADay(1000), { unit: "usd", per: "day", limit: 1000 } as const], concurrent: 2 };
  const book = openBook(limits, NOON, readLedger(VERSION_2));
  expect(book.use("usd")).toEqual({ used: 5, reserved: 70, left: 930 });
  expect(book.reserve("running", { input: 1, output: 1 })).toMatchObject({ ok: true, granted: 400 });
  expect(book.reserve("earlier", { input: 1, output: 1 })).toMatchObject({ ok: false, reason: "settled" });
  book.settle("running", 100, 1, 60);
  expect([book.tokens().used, book.use("usd").used]).toEqual([400, 65]);
});

it("a ledger of this version is read unchanged", () => {
  expect(readLedger(VERSION_3)).toBe(VERSION_3);
});
