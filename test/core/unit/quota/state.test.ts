// Stored ledgers: the current version is read unchanged, older ones are converted.

import { expect, it } from "vitest";
import { readLedger } from "../../../../src/core/quota/state.ts";
import { openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const LEASE = { at: NOON, endsAt: NOON + 690_000, model: "swift", granted: 400, ended: false };
const EARLIER = "0f8fad5b-d9cb-469f-a165-70867728950e";
const STATE = {
  at: NOON,
  used: {
    "tokens/day": { start: NOON - 43_200_000, amount: 300 },
    "usd/day": { start: NOON - 43_200_000, amount: 5 },
  },
  extra: { "usd/day": { start: NOON - 43_200_000, amount: 5 } },
  settled: [EARLIER],
};
const VERSION_2 = {
  ...STATE,
  version: 2 as const,
  leases: { running: { ...LEASE, exclusive: "conv_1", bound: { tokens: 500, requests: 1, usd: 70 } } },
};
const leases = { running: { ...LEASE, exclusive: "conv_1", bound: { tokens: 500, requests: 1, nanoUsd: 70 } } };
const WHOLE_KEYS = { ...STATE, version: 3 as const, leases };
const VERSION_3 = { ...WHOLE_KEYS, settled: ["70867728950e"] };

it("an older ledger is converted with everything that it has", () => {
  expect(readLedger(VERSION_2)).toEqual(VERSION_3);
  expect(readLedger(WHOLE_KEYS)).toEqual(VERSION_3);
});

it.each([VERSION_2, WHOLE_KEYS])("a converted ledger repeats no request and charges what runs ($version)", (stored) => {
  const limits = { windows: [tokensADay(1000), { unit: "usd", per: "day", limit: 1000 } as const], concurrent: 2 };
  const book = openBook(limits, NOON, readLedger(stored));
  expect(book.use("usd")).toEqual({ used: 5, reserved: 70, left: 930 });
  expect(book.reserve("running", { input: 1, output: 1 })).toMatchObject({ ok: true, granted: 400 });
  expect(book.reserve(EARLIER, { input: 1, output: 1 })).toMatchObject({ ok: false, reason: "settled" });
  book.settle("running", 100, 1, 60);
  expect([book.tokens().used, book.use("usd").used]).toEqual([400, 65]);
});

it("a ledger of this version is read unchanged", () => {
  expect(readLedger(VERSION_3)).toEqual(VERSION_3);
});
