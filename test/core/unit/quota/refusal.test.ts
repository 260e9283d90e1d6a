// Quota refusals: the missing amount, the time of the reset, and a header against immediate retries.

import { expect, it } from "vitest";
import { boundAmounts } from "../../../../src/core/quota/ledger.ts";
import { toQuotaError } from "../../../../src/core/quota/refusal.ts";
import type { Limits } from "../../../../src/core/quota/view.ts";
import type { BoundSketch } from "../../support/quota-book.ts";
import { boundOf, openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const windows: Limits["windows"] = [tokensADay(1000), { unit: "requests", per: "minute", limit: 2 }];

/** Settles requests of these tokens, lets `running` more run, and refuses a last one 30.5 s later. */
function refuse(bound: BoundSketch, { used = [] as number[], running = 0, limits = windows, key = "last" } = {}) {
  const book = openBook({ windows: limits, concurrent: 2 }, NOON);
  for (const [index, tokens] of used.entries()) {
    book.reserve(`used-${index}`, { input: tokens, output: 0 });
    book.settle(`used-${index}`, tokens);
  }
  for (let count = 0; count < running; count++) book.reserve(`running-${count}`, { input: 1, output: 0 });
  book.now += 30_500;
  const result = book.reserve(key, bound);
  if (result.ok) throw new Error("it was granted");
  return toQuotaError(result, book.now, "swift", boundAmounts(boundOf(bound), boundOf(bound).minOutput));
}

const NEVER = " It never fits into your plan: send less.";
const usd: Limits["windows"] = [{ unit: "usd", per: "month", limit: 500_000_000 }];

it.each<[string, BoundSketch, Parameters<typeof refuse>[1], string, string]>([
  [
    "by tokens, above the limit of the plan",
    { input: 1200, output: 500, minOutput: 256 },
    {},
    `This request may need 1456 tokens: 1000 of your 1000 tokens per day are left.${NEVER}`,
    "43170",
  ],
  [
    "by tokens, for today",
    { input: 400, output: 500, minOutput: 256 },
    { used: [800] },
    "This request may need 656 tokens: 200 of your 1000 tokens per day are left.",
    "43170",
  ],
  [
    "by requests",
    { input: 1, output: 1 },
    { used: [1, 1] },
    "This request is one too many: 0 of your 2 requests per minute are left.",
    "30",
  ],
  [
    "by money, in dollars",
    { input: 1, output: 1, inputNanoUsd: 750_000_000, outputNanoUsd: 4000 },
    { limits: usd },
    `This request may need 0.750004 usd: 0.5 of your 0.5 usd per month are left.${NEVER}`,
    "647970",
  ],
  [
    "by the requests that run",
    { input: 1, output: 1 },
    { running: 2 },
    "Too many requests at once: your plan allows 2. Wait for one to end.",
    "1",
  ],
])("a refusal %s is a 429 with its reason", (_why, bound, earlier, message, retryAfter) => {
  const error = refuse(bound, earlier);
  expect(error).toMatchObject({
    status: 429,
    body: { code: "insufficient_quota", type: "insufficient_quota", message },
  });
  expect(error.headers).toMatchObject({ "retry-after": retryAfter, "x-should-retry": "false" });
  if (earlier?.limits !== usd) expect(error.headers).toHaveProperty("x-ratelimit-remaining-tokens");
});

it("a request that was settled already can be sent again as a new one", () => {
  const error = refuse({ input: 1, output: 1 }, { used: [1], key: "used-0" });
  expect(error).toMatchObject({ status: 503, body: { code: "quota_unavailable" } });
});
