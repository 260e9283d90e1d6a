// What a caller is told when the quota says no: how much, until when, and not to try again at once.

import { describe, expect, it } from "vitest";
import type { ApiError } from "../../../src/errors.ts";
import { toQuotaError } from "../../../src/quota/client.ts";
import { openLease } from "../../../src/quota/lease.ts";
import type { Book, BoundSketch } from "../../support/quota-book.ts";
import { boundOf, openBook } from "../../support/quota-book.ts";
import { refusalOf } from "../../support/refusals.ts";

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
  return toQuotaError(result, book.now);
}

/** A quota that is a book, and how often it was settled. */
function quotaOn(book: Book) {
  let settlements = 0;
  const quota: Parameters<typeof openLease>[0] = {
    reserve: async ({ key, bound, leaseMs }) => book.reserve(key, bound, leaseMs),
    settle: async ({ key, charge }) => {
      settlements += 1;
      book.settle(key, charge.tokens, charge.requests);
      return book.view();
    },
    view: async () => book.view(),
  };
  return { quota, settlements: () => settlements };
}

describe("a refusal", () => {
  it("by tokens names what is needed and what is left, and waits for the reset", () => {
    const error = refuse(openPlan(), "first", { input: 1200, output: 500, minOutput: 256 });
    expect(error).toMatchObject({ status: 429, body: { code: "insufficient_quota", type: "insufficient_quota" } });
    expect(error.body.message).toBe("This request may need 1456 tokens: 1000 of your 1000 tokens per day are left.");
    expect(error.headers).toMatchObject({
      "retry-after": "43200",
      "x-should-retry": "false",
      "x-ratelimit-remaining-tokens": "1000",
      "x-ratelimit-remaining-requests": "2",
    });
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

describe("a lease", () => {
  it("is settled by the first call only", async () => {
    const book = openPlan();
    const { quota, settlements } = quotaOn(book);
    const lease = await openLease(quota, boundOf({ input: 100, output: 300 }), 60_000);
    expect(lease.granted).toBe(300);
    const views = [await lease.settle({ tokens: 120, requests: 1 }), await lease.settle({ tokens: 0, requests: 0 })];
    expect(views[0]?.windows[0]).toMatchObject({ used: 120, reserved: 0 });
    expect(views[1]).toBeUndefined();
    expect(settlements()).toBe(1);
  });

  it("that is not granted is thrown as the refusal", async () => {
    const { quota } = quotaOn(openPlan());
    const error = await refusalOf(() => openLease(quota, boundOf({ input: 1200, output: 300 }), 60_000));
    expect(error.status).toBe(429);
  });
});
