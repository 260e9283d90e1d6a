// Quota refusals: the missing amount, the time of the reset, and a header against immediate retries.

import { describe, expect, it } from "vitest";
import type { ApiError } from "../../../../src/core/errors.ts";
import { boundAmounts } from "../../../../src/core/quota/ledger.ts";
import { toQuotaError } from "../../../../src/core/quota/refusal.ts";
import type { Book, BoundSketch } from "../../support/quota-book.ts";
import { boundOf, openBook } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);

const openPlan = () =>
  openBook(
    {
      windows: [
        { unit: "tokens", per: "day", limit: 1000 },
        { unit: "requests", per: "minute", limit: 2 },
      ],
      concurrent: 2,
    },
    NOON,
  );

function refuse(book: Book, key: string, bound: BoundSketch): ApiError {
  const result = book.reserve(key, bound);
  if (result.ok) throw new Error("it was granted");
  const complete = boundOf(bound);
  return toQuotaError(result, book.now, "swift", boundAmounts(complete, complete.minOutput));
}

describe("a refusal", () => {
  it("by tokens names what is needed and what is left, and waits for the reset", () => {
    const error = refuse(openPlan(), "first", { input: 1200, output: 500, minOutput: 256 });
    expect(error).toMatchObject({ status: 429, body: { code: "insufficient_quota", type: "insufficient_quota" } });
    expect(error.body.message).toBe(
      "This request may need 1456 tokens: 1000 of your 1000 tokens per day are left. It never fits into your plan: send less.",
    );
    expect(error.headers).toMatchObject({
      "retry-after": "43200",
      "x-should-retry": "false",
      "x-ratelimit-remaining-tokens": "1000",
      "x-ratelimit-remaining-requests": "2",
    });
  });

  it("by tokens that would fit another day does not say that they never do", () => {
    const book = openPlan();
    book.reserve("first", { input: 800, output: 0 });
    book.settle("first", 800);
    const error = refuse(book, "second", { input: 400, output: 500, minOutput: 256 });
    expect(error.body.message).toBe("This request may need 656 tokens: 200 of your 1000 tokens per day are left.");
  });

  it("by requests says that it is one too many", () => {
    const book = openPlan();
    for (const key of ["one", "two"]) {
      book.reserve(key, { input: 1, output: 1 });
      book.settle(key, 2);
    }
    book.now += 30_500;
    const error = refuse(book, "three", { input: 1, output: 1 });
    expect(error.body.message).toBe("This request is one too many: 0 of your 2 requests per minute are left.");
    expect(error.headers).toMatchObject({ "retry-after": "30", "x-ratelimit-remaining-requests": "0" });
  });

  it("by money speaks of dollars", () => {
    const book = openBook({ windows: [{ unit: "usd", per: "month", limit: 500_000_000 }], concurrent: 2 }, NOON);
    const error = refuse(book, "first", { input: 1, output: 1, inputNanoUsd: 750_000_000, outputNanoUsd: 4000 });
    expect(error.body.message).toBe(
      "This request may need 0.750004 usd: 0.5 of your 0.5 usd per month are left. It never fits into your plan: send less.",
    );
  });

  it("by what runs at once says how many may", () => {
    const book = openPlan();
    book.reserve("one", { input: 1, output: 1 });
    book.reserve("two", { input: 1, output: 1 });
    const error = refuse(book, "three", { input: 1, output: 1 });
    expect(error).toMatchObject({ status: 429, body: { code: "insufficient_quota" } });
    expect(error.body.message).toContain("your plan allows 2");
    expect(error.headers).toMatchObject({ "retry-after": "1", "x-should-retry": "false" });
  });

  it("of a request that is over can be tried again as a new one", () => {
    const book = openPlan();
    book.reserve("one", { input: 1, output: 1 });
    book.settle("one", 2);
    expect(refuse(book, "one", { input: 1, output: 1 })).toMatchObject({
      status: 503,
      body: { code: "quota_unavailable" },
    });
  });
});
