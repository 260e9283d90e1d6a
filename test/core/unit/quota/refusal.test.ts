// Quota refusals: a code and facts for a program, words for the user, and headers against retries in vain.

import { expect, it } from "vitest";
import { boundAmounts } from "../../../../src/core/quota/bound.ts";
import { toQuotaError } from "../../../../src/core/quota/refusal.ts";
import type { Limits } from "../../../../src/core/quota/view.ts";
import type { BoundSketch } from "../../support/quota-book.ts";
import { boundOf, openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const windows: Limits["windows"] = [tokensADay(1000), { unit: "requests", per: "minute", limit: 2 }];

/** Settles requests of these tokens, lets `running` more run, and refuses a last one 30.5 s later. */
function refuse(
  bound: BoundSketch,
  { used = [] as number[], running = 0, runningTokens = 1, limits = windows, key = "last" } = {},
) {
  const book = openBook({ windows: limits, concurrent: 2 }, NOON);
  for (const [index, tokens] of used.entries()) {
    book.reserve(`used-${index}`, { input: tokens, output: 0 });
    book.settle(`used-${index}`, tokens);
  }
  for (let count = 0; count < running; count++) book.reserve(`running-${count}`, { input: runningTokens, output: 0 });
  book.now += 30_500;
  const result = book.reserve(key, bound);
  if (result.ok) throw new Error("it was granted");
  return toQuotaError(result, book.now, "swift", boundAmounts(boundOf(bound), boundOf(bound).minOutput));
}

const usd: Limits["windows"] = [{ unit: "usd", per: "month", limit: 500_000_000 }];

const MIDNIGHT = Date.UTC(2026, 10, 24) / 1000;
const usedUp = (window: string, reset_at: number) => ({
  code: "insufficient_quota",
  window,
  reset_at,
  fits_plan: true,
});
const busy = (window: string) => ({ code: "concurrency_limit_exceeded", window, fits_plan: true });
const tooLarge = (window: string) => ({ code: "plan_limit_exceeded", window, fits_plan: false });
const TYPES: Record<string, string> = { concurrency_limit_exceeded: "requests" };

it.each<[string, BoundSketch, Parameters<typeof refuse>[1], string, string | undefined, { code: string }]>([
  [
    "by tokens, above the limit of the plan",
    { input: 1200, output: 500, minOutput: 256 },
    {},
    "This request needs at least 1456 tokens, and your plan has 1000 tokens per day. Send less.",
    undefined,
    tooLarge("tokens/day"),
  ],
  [
    "by tokens, for today",
    { input: 400, output: 500, minOutput: 256 },
    { used: [800] },
    "This request may need 656 tokens: 200 of your 1000 tokens per day are left. Wait until 2026-11-24 00:00 UTC, or send less.",
    "43170",
    usedUp("tokens/day", MIDNIGHT),
  ],
  [
    "by requests",
    { input: 1, output: 1 },
    { used: [1, 1] },
    "This request is one too many: 0 of your 2 requests per minute are left. Wait until 2026-11-23 12:01 UTC.",
    "30",
    usedUp("requests/minute", NOON / 1000 + 60),
  ],
  [
    "by money, in dollars",
    { input: 1, output: 1, inputNanoUsd: 750_000_000, outputNanoUsd: 4000 },
    { limits: usd },
    "This request needs at least 0.750004 usd, and your plan has 0.5 usd per month. Send less.",
    undefined,
    tooLarge("usd/month"),
  ],
  [
    "by the requests that run",
    { input: 1, output: 1 },
    { running: 2 },
    "Too many requests at once: your plan allows 2. Wait for one to end.",
    "1",
    busy("concurrent"),
  ],
  [
    "by tokens that a running request holds",
    { input: 700, output: 500, minOutput: 256 },
    { running: 1, runningTokens: 100 },
    "This request may need 956 tokens: 900 of your 1000 tokens per day are left. Running requests hold the rest: wait for one to end.",
    "1",
    busy("tokens/day"),
  ],
  [
    "by another window than the one that never fits",
    { input: 1200, output: 1 },
    { used: [1, 1] },
    "This request needs at least 1201 tokens, and your plan has 1000 tokens per day. Send less.",
    undefined,
    tooLarge("tokens/day"),
  ],
])("a refusal %s is a 429 with its reason", (_why, bound, earlier, message, retryAfter, facts) => {
  const error = refuse(bound, earlier);
  expect(error.status).toBe(429);
  const type = TYPES[facts.code] ?? "insufficient_quota";
  expect(error.body).toEqual({ message, type, param: null, ...facts });
  expect(error.headers["retry-after"]).toBe(retryAfter);
  expect(error.headers["x-should-retry"]).toBe(type === "requests" ? undefined : "false");
  if (earlier?.limits !== usd) expect(error.headers).toHaveProperty("x-ratelimit-remaining-tokens");
});

it("a request that was settled already can be sent again as a new one", () => {
  const error = refuse({ input: 1, output: 1 }, { used: [1], key: "used-0" });
  expect(error).toMatchObject({ status: 503, body: { code: "quota_unavailable" } });
});
