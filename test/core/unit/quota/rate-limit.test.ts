// The quota on the wire: OpenAI's headers, `left` of a slim answer, and GET /usage.

import { describe, expect, it } from "vitest";
import { leftOf, rateLimitHeaders, toGoDuration, toWire } from "../../../../src/core/quota/rate-limit.ts";
import type { WindowView } from "../../../../src/core/quota/view.ts";
import type { Window } from "../../../../src/core/catalog/quota-window.ts";
import { openBook } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MONTH = { unit: "tokens", per: "month", limit: 9000 } as const;
const DAY = { unit: "tokens", per: "day", limit: 1000 } as const;
const MINUTE = { unit: "requests", per: "minute", limit: 3 } as const;

/** What the windows hold while one request of 500 tokens runs. */
const viewOf = (windows: Window[]) => {
  const book = openBook({ windows, concurrent: 2 }, NOON);
  book.reserve("running", { input: 100, output: 400 });
  return book.view();
};

describe("a duration", () => {
  it.each([
    [0, "0s"],
    [1, "1s"],
    [1000, "1s"],
    [1001, "2s"],
    [59_000, "59s"],
    [60_000, "1m0s"],
    [360_000, "6m0s"],
    [3_599_001, "1h0m0s"],
    [3_600_000, "1h0m0s"],
    [86_341_000, "23h59m1s"],
    [720 * 3_600_000, "720h0m0s"],
    [-5000, "0s"],
  ])("of %i ms is written as %s", (ms, expected) => {
    expect(toGoDuration(ms)).toBe(expected);
  });
});

describe("the headers", () => {
  it("tell limit, rest and reset of tokens and of requests, with what runs taken off", () => {
    expect(rateLimitHeaders(viewOf([DAY, MINUTE]), NOON + 15_000, "swift")).toEqual({
      "x-ratelimit-limit-tokens": "1000",
      "x-ratelimit-remaining-tokens": "500",
      "x-ratelimit-reset-tokens": "11h59m45s",
      "x-ratelimit-limit-requests": "3",
      "x-ratelimit-remaining-requests": "2",
      "x-ratelimit-reset-requests": "45s",
    });
  });

  it.each([[[DAY, MONTH]], [[MONTH, DAY]]])("tell of the window that has the least left", (windows) => {
    expect(rateLimitHeaders(viewOf(windows), NOON, "swift")["x-ratelimit-limit-tokens"]).toBe("1000");
  });

  it("tell of no window that does not count the model", () => {
    const others = { ...DAY, models: ["heron"] };
    expect(rateLimitHeaders(viewOf([others]), NOON, "swift")).toEqual({});
    expect(rateLimitHeaders(viewOf([others]), NOON, "heron")).toHaveProperty("x-ratelimit-limit-tokens");
  });

  it("say nothing of a unit that the plan does not limit", () => {
    expect(Object.keys(rateLimitHeaders(viewOf([MINUTE]), NOON, "swift"))).toEqual([
      "x-ratelimit-limit-requests",
      "x-ratelimit-remaining-requests",
      "x-ratelimit-reset-requests",
    ]);
    expect(rateLimitHeaders(viewOf([]), NOON, "swift")).toEqual({});
  });
});

describe("what is left", () => {
  it("is told per window", () => {
    expect(leftOf(viewOf([DAY, MONTH, MINUTE]))).toEqual({
      "tokens/day": 500,
      "tokens/month": 8500,
      "requests/minute": 2,
    });
  });

  it("is told of money in dollars, and of a group of models by their names", () => {
    const money: Window = { unit: "usd", per: "month", limit: 1_250_000_000, models: ["swift", "deep"] };
    const other: Window = { unit: "tokens", per: "day", limit: 70, models: ["deep"] };
    const view = viewOf([money, other]);
    expect(leftOf(view)).toEqual({ "usd/month/deep,swift": 1.25, "tokens/day/deep": 70 });
    expect(toWire(view.windows[0] as WindowView)).toMatchObject({ models: ["swift", "deep"], limit: 1.25, left: 1.25 });
  });

  it("is told to GET /usage with the reset in whole seconds, as all of OpenAI's times", () => {
    expect(viewOf([DAY]).windows.map(toWire)).toEqual([
      {
        unit: "tokens",
        per: "day",
        limit: 1000,
        used: 0,
        reserved: 500,
        left: 500,
        reset_at: Date.UTC(2026, 10, 24) / 1000,
      },
    ]);
  });
});
