// The quota on the wire: OpenAI's headers, `left` of a slim answer, and GET /usage.

import { describe, expect, it } from "vitest";
import type { QuotaWindow } from "../../../../src/core/catalog/quota-window.ts";
import { leftOf, rateLimitHeaders, toGoDuration, toWindowObject } from "../../../../src/core/quota/rate-limit.ts";
import { openBook } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MONTH: QuotaWindow = { unit: "tokens", per: "month", limit: 9000 };
const DAY: QuotaWindow = { unit: "tokens", per: "day", limit: 1000 };
const MINUTE: QuotaWindow = { unit: "requests", per: "minute", limit: 3 };
const MONEY: QuotaWindow = { unit: "usd", per: "month", limit: 1_250_000_000, models: ["swift", "deep"] };

/** The windows while one request of 500 tokens runs. */
const viewOf = (...windows: QuotaWindow[]) => {
  const book = openBook({ windows, concurrent: 2 }, NOON);
  book.reserve("running", { input: 100, output: 400 });
  return book.view();
};

it.each([
  [-5000, "0s"],
  [0, "0s"],
  [1, "1s"],
  [1001, "2s"],
  [59_000, "59s"],
  [60_000, "1m0s"],
  [3_599_001, "1h0m0s"],
  [86_341_000, "23h59m1s"],
  [720 * 3_600_000, "720h0m0s"],
])("a duration of %i ms is written as %s", (ms, expected) => {
  expect(toGoDuration(ms)).toBe(expected);
});

const headersOf = (model: string, ...windows: QuotaWindow[]) => rateLimitHeaders(viewOf(...windows), NOON, model);

describe("the headers", () => {
  it("have limit, remaining and reset of tokens and of requests", () => {
    expect(rateLimitHeaders(viewOf(DAY, MINUTE), NOON + 15_000, "swift")).toEqual({
      "x-ratelimit-limit-tokens": "1000",
      "x-ratelimit-remaining-tokens": "500",
      "x-ratelimit-reset-tokens": "11h59m45s",
      "x-ratelimit-limit-requests": "3",
      "x-ratelimit-remaining-requests": "2",
      "x-ratelimit-reset-requests": "45s",
    });
  });

  it("describe the window with the least remaining", () => {
    expect(headersOf("swift", DAY, MONTH)).toMatchObject({ "x-ratelimit-limit-tokens": "1000" });
    expect(headersOf("swift", MONTH, DAY)).toMatchObject({ "x-ratelimit-limit-tokens": "1000" });
  });

  it("describe only windows that count the model, and only limited units", () => {
    const others = { ...DAY, models: ["heron"] };
    expect(headersOf("swift", others)).toEqual({});
    expect(Object.keys(headersOf("heron", others))).toHaveLength(3);
    expect(headersOf("swift", MONEY)).toEqual({});
  });
});

it("the remaining amounts have the key of each window, and money is in dollars", () => {
  expect(leftOf(viewOf(DAY, MONTH, MINUTE, MONEY))).toEqual({
    "tokens/day": 500,
    "tokens/month": 8500,
    "requests/minute": 2,
    "usd/month/deep,swift": 1.25,
  });
});

it("the windows of GET /usage have the reset in whole seconds, and money in dollars", () => {
  const reset_at = Date.UTC(2026, 10, 24) / 1000;
  expect(viewOf(DAY, MONEY).windows.map(toWindowObject)).toMatchObject([
    { unit: "tokens", per: "day", limit: 1000, used: 0, reserved: 500, left: 500, reset_at },
    { unit: "usd", per: "month", models: ["swift", "deep"], limit: 1.25, left: 1.25 },
  ]);
});
