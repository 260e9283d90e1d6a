// The cost of tokens in nano-dollars: each kind at its own rate, long contexts higher, never above the bound.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelCard } from "../../../../src/core/catalog/card.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { costOf, highestPrice } from "../../../../src/core/quota/price.ts";
import { boundAmounts } from "../../../../src/core/quota/ledger.ts";
import { bundledCard, bundledCatalog } from "../../../support/catalog-documents.ts";

// Dollars per million: input 1, cached 0.05, cache write 1.25, output 5; above 272,000 of input twice and 1.5 times that.
const LONG = bundledCard("gpt-6.1-terra");
const FREE: ModelCard = { ...LONG, prices: undefined };
const cardAt = (prices: ModelCard["prices"]): ModelCard => ({ ...LONG, prices });
const usage = (counts: { input?: number; cached?: number; cacheWrite?: number; output?: number }) => ({
  input: 0,
  cached: 0,
  cacheWrite: 0,
  output: 0,
  ...counts,
});

describe("the prices of this test", () => {
  it("are those of the bundled card", () => {
    expect(LONG.prices).toMatchObject({ input: 1, cached_input: 0.05, cache_write: 1.25, output: 5 });
    expect(LONG.prices?.long_context).toEqual({ above_input_tokens: 272_000, input_times: 2, output_times: 1.5 });
  });
});

describe("the cost of a usage", () => {
  it.each([
    ["fresh input", { input: 1000 }, 1000 * 1000],
    ["cached input", { input: 1000, cached: 1000 }, 1000 * 50],
    ["input that was written to the cache", { input: 1000, cacheWrite: 1000 }, 1000 * 1250],
    ["output", { output: 1000 }, 1000 * 5000],
    ["all of it", { input: 1000, cached: 600, cacheWrite: 300, output: 10 }, 100_000 + 30_000 + 375_000 + 50_000],
    ["nothing", {}, 0],
  ])("has each token at its own rate: %s", (_what, counts, nanoUsd) => {
    expect(costOf(usage(counts), LONG)).toBe(nanoUsd);
  });

  it("is that of a long context for the whole request, but only above the limit", () => {
    expect(costOf(usage({ input: 272_000, output: 1000 }), LONG)).toBe(272_000 * 1000 + 1000 * 5000);
    expect(costOf(usage({ input: 272_001, output: 1000 }), LONG)).toBe(272_001 * 2000 + 1000 * 7500);
    expect(costOf(usage({ input: 300_000, cached: 100_000, cacheWrite: 50_000 }), LONG)).toBe(
      150_000 * 2000 + 100_000 * 100 + 50_000 * 2500,
    );
  });

  it("in a batch is half", () => {
    const counts = usage({ input: 1000, cached: 200, cacheWrite: 100, output: 40 });
    expect(costOf(counts, LONG, true) * 2).toBe(costOf(counts, LONG));
    expect(costOf(usage({ input: 300_000 }), LONG, true) * 2).toBe(costOf(usage({ input: 300_000 }), LONG));
  });

  it("in a batch is the usual one where the card knows no other", () => {
    const card = cardAt({ input: 1, output: 5 });
    expect(costOf(usage({ input: 10, output: 10 }), card, true)).toBe(costOf(usage({ input: 10, output: 10 }), card));
  });

  it("has cached input at the usual rate where the card knows no other", () => {
    const card = cardAt({ input: 3, output: 5 });
    expect(costOf(usage({ input: 10, cached: 6, cacheWrite: 4 }), card)).toBe(10 * 3000);
  });

  it("is rounded up, once per request", () => {
    // $0.0125 per million is 12.5 nano-dollars a token.
    const card = cardAt({ input: 0.0125, output: 0.0125 });
    expect(costOf(usage({ input: 1 }), card)).toBe(13);
    expect(costOf(usage({ input: 1, output: 1 }), card)).toBe(25);
    expect(costOf(usage({ input: 80 }), card)).toBe(1000);
    expect(costOf(usage({ input: 81 }), card)).toBe(1013);
  });

  it("is nothing without prices, and with prices of nothing", () => {
    expect(costOf(usage({ input: 1000, output: 1000 }), FREE)).toBe(0);
    expect(costOf(usage({ input: 1000, output: 1000 }), cardAt({ input: 0, output: 0 }))).toBe(0);
    expect(highestPrice(FREE, 1000)).toEqual({ input: 0, output: 0 });
  });

  it("is never below nothing, even of a usage that contradicts itself", () => {
    expect(costOf(usage({ input: 10, cached: 1000 }), LONG)).toBeGreaterThanOrEqual(0);
  });
});

describe("the dearest price", () => {
  it("has all input at the dearest of its rates", () => {
    expect(highestPrice(LONG, 1000)).toEqual({ input: 1000 * 1250, output: 5000 });
  });

  it("is that of a long context as soon as the input could be one", () => {
    expect(highestPrice(LONG, 272_000)).toEqual({ input: 272_000 * 1250, output: 5000 });
    expect(highestPrice(LONG, 272_001)).toEqual({ input: 272_001 * 2500, output: 7500 });
  });

  it("is rounded up for the input as a whole and for each token of output", () => {
    expect(highestPrice(cardAt({ input: 0.0125, output: 0.0001 }), 81)).toEqual({ input: 1013, output: 1 });
  });
});

const cards = Object.entries(bundledCatalog().cards);
/** Parts of a whole, so that a usage is within its bound. */
const share = fc.double({ min: 0, max: 1, noNaN: true });
const part = (whole: number, share: number) => Math.floor(whole * share);

describe("no usage costs more than its bound", () => {
  it.each(cards)("of the card %s", (_id, card) => {
    const property = fc.property(
      fc.nat({ max: 1_200_000 }),
      fc.nat({ max: 3 }),
      fc.integer({ min: 1, max: 200_000 }),
      fc.integer({ min: 1, max: 8 }),
      fc.tuple(share, share, share, share),
      (inputBytes, images, maxOutputTokens, choices, [read, hit, written, said]) => {
        const demand = { inputBytes, images, choices, maxOutputTokens };
        const bound = toBound(demand, card, { max_output_tokens: 150_000 }, 256);
        const input = part(bound.input, read);
        const cached = part(input, hit);
        const counts = {
          input,
          cached,
          cacheWrite: part(input - cached, written),
          output: part(bound.output * choices, said),
        };
        const { usd } = boundAmounts(bound, bound.output);
        const cost = costOf(counts, card);
        expect(Number.isSafeInteger(usd) && Number.isSafeInteger(cost) && cost >= 0).toBe(true);
        expect(cost).toBeLessThanOrEqual(usd);
        expect(costOf(counts, card, true)).toBeLessThanOrEqual(cost);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it("of any card, whatever its prices are", () => {
    const rate = fc.integer({ min: 0, max: 100_000_000 }).map((millionths) => millionths / 1_000_000);
    const times = fc.integer({ min: 100, max: 300 }).map((hundredths) => hundredths / 100);
    const prices = fc.record({
      input: rate,
      cached_input: fc.option(rate, { nil: undefined }),
      cache_write: fc.option(rate, { nil: undefined }),
      output: rate,
      long_context: fc.option(
        fc.record({ above_input_tokens: fc.nat(1000), input_times: times, output_times: times }),
        {
          nil: undefined,
        },
      ),
    });
    const counts = fc.record({ room: fc.nat(2000), read: share, hit: share, written: share, output: fc.nat(1000) });
    const property = fc.property(prices, counts, (prices, { room, read, hit, written, output }) => {
      const card = cardAt(prices);
      const input = part(room, read);
      const cached = part(input, hit);
      const cost = costOf({ input, cached, cacheWrite: part(input - cached, written), output }, card);
      const dearest = highestPrice(card, room);
      expect(cost).toBeLessThanOrEqual(dearest.input + output * dearest.output);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
