// The cost of usage in nano-dollars: rates per modality, long contexts, other units, and never above the bound.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelCard } from "../../../../src/core/catalog/card.ts";
import { boundAmounts, toBound } from "../../../../src/core/quota/bound.ts";
import type { PricedUnits } from "../../../../src/core/quota/price.ts";
import { costOf, costOfUnits, highestPrice } from "../../../../src/core/quota/price.ts";
import type { Usage } from "../../../../src/core/relay/answer.ts";
import { bundledCard, bundledCatalog } from "../../../support/catalog-documents.ts";

type Prices = NonNullable<ModelCard["prices"]>;

// Dollars per million tokens.
const TEXT = { input: 1, cached_input: 0.05, cache_write: 1.25, output: 5 };
const LONG = { ...TEXT, long_context: { above_input_tokens: 272_000, input_times: 2, output_times: 1.5 } };
const MIXED = {
  ...TEXT,
  image: { input: 8, cached_input: 2, output: 30 },
  audio: { input: 32, cached_input: 0.4, output: 64 },
};
const CARD = bundledCard("gpt-6.1-terra");
const cardAt = (prices: Prices | undefined): ModelCard => ({ ...CARD, prices });
const usage = (counts: Partial<Usage>): Usage => ({
  input: 0,
  cached: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  ...counts,
});
const cost = (prices: Prices | undefined, counts: Partial<Usage>) => costOf(usage(counts), cardAt(prices));

describe("the cost of tokens", () => {
  const image = { input: 300, cached: 100, output: 40 };
  const audio = { input: 200, cached: 50, output: 60 };
  const IMAGE_COST = 200 * 8000 + 100 * 2000 + 40 * 30_000;
  const AUDIO_COST = 150 * 32_000 + 50 * 400 + 60 * 64_000;
  const total = { input: 1000, cached: 250, output: 110 };

  it.each<[string, Prices, Partial<Usage>, number]>([
    ["of uncached input", TEXT, { input: 1000 }, 1000 * 1000],
    ["of cached input", TEXT, { input: 1000, cached: 1000 }, 1000 * 50],
    ["of input written to the cache", TEXT, { input: 1000, cacheWrite: 1000 }, 1000 * 1250],
    ["of output", TEXT, { output: 1000 }, 1000 * 5000],
    [
      "of all of them",
      TEXT,
      { input: 1000, cached: 600, cacheWrite: 300, output: 10 },
      100_000 + 30_000 + 375_000 + 50_000,
    ],
    ["of images at their own rates", MIXED, { input: 300, cached: 100, output: 40, image }, IMAGE_COST],
    ["of audio at its own rates", MIXED, { input: 200, cached: 50, output: 60, audio }, AUDIO_COST],
    [
      "of text, images and audio together",
      MIXED,
      { ...total, image, audio },
      400 * 1000 + 100 * 50 + 10 * 5000 + IMAGE_COST + AUDIO_COST,
    ],
    [
      "of images and audio at the text rates, without own rates",
      TEXT,
      { ...total, image, audio },
      750 * 1000 + 250 * 1000 + 110 * 5000 - 100 * 950,
    ],
    [
      "of images at the text rate for output, without an own rate for it",
      { ...TEXT, image: { input: 8 } },
      { output: 7, image: { input: 0, cached: 0, output: 7 } },
      7 * 5000,
    ],
    [
      "of cached images at their input rate, without a cached rate",
      { ...TEXT, image: { input: 8 } },
      { input: 9, cached: 9, image: { input: 9, cached: 9, output: 0 } },
      9 * 8000,
    ],
    [
      "of cached input at the input rate, without a cached rate",
      { input: 3, output: 5 },
      { input: 10, cached: 6, cacheWrite: 4 },
      10 * 3000,
    ],
    [
      "of a context at the limit at the usual rates",
      LONG,
      { input: 272_000, output: 1000 },
      272_000 * 1000 + 1000 * 5000,
    ],
    ["of a longer context at higher rates", LONG, { input: 272_001, output: 1000 }, 272_001 * 2000 + 1000 * 7500],
    [
      "of a longer context at higher rates for cached input, too",
      LONG,
      { input: 300_000, cached: 100_000, cacheWrite: 50_000 },
      150_000 * 2000 + 100_000 * 100 + 50_000 * 2500,
    ],
    [
      "of images in a longer context at higher rates, too",
      { ...MIXED, ...LONG },
      { input: 272_001, cached: 1, output: 10, image: { input: 272_001, cached: 1, output: 10 } },
      272_000 * 16_000 + 4000 + 10 * 45_000,
    ],
    // $0.0125 per million is 12.5 nano-dollars a token.
    ["is rounded up", { input: 0.0125 }, { input: 1 }, 13],
    ["is rounded up once, after adding", { input: 0.0125, output: 0.0125 }, { input: 1, output: 1 }, 25],
    ["is nothing at prices of 0", { input: 0, output: 0 }, { input: 1000, output: 1000 }, 0],
  ])("%s", (_what, prices, counts, nanoUsd) => {
    expect(cost(prices, counts)).toBe(nanoUsd);
  });

  it("is nothing without prices, and never below nothing", () => {
    expect(cost(undefined, { input: 1000, output: 1000 })).toBe(0);
    expect(highestPrice(cardAt(undefined), 1000)).toEqual({ input: 0, output: 0 });
    expect(cost(TEXT, { input: 10, cached: 1000 })).toBeGreaterThanOrEqual(0);
  });
});

describe("the cost of other units", () => {
  const PRICES = { minute_of_audio: 0.006, million_characters: 15, second_of_video: 0.1, million_training_tokens: 25 };

  it.each<[PricedUnits, number]>([
    [{ audioSeconds: 90 }, 9_000_000],
    [{ characters: 1000 }, 15_000_000],
    [{ videoSeconds: 8 }, 800_000_000],
    [{ trainingTokens: 2_000_000 }, 50_000_000_000],
    [{ audioSeconds: 60, characters: 1000, videoSeconds: 1, trainingTokens: 1000 }, 146_000_000],
    [{}, 0],
  ])("of %j is %i nano-dollars", (units, nanoUsd) => {
    expect(costOfUnits(units, PRICES)).toBe(nanoUsd);
    expect(costOfUnits(units, undefined)).toBe(0);
    expect(costOfUnits(units, TEXT)).toBe(0);
  });

  it("is rounded up", () => {
    expect(costOfUnits({ characters: 1 }, { million_characters: 0.0125 })).toBe(13);
  });

  it("is added to that of the tokens, for audio that the provider counts in seconds", () => {
    expect(cost({ ...PRICES, ...TEXT }, { output: 10, audioSeconds: 30 })).toBe(10 * 5000 + 3_000_000);
  });
});

describe("the highest price", () => {
  it.each<[string, Prices, number, { input: number; output: number }]>([
    ["uses the highest rate for all input", TEXT, 1000, { input: 1000 * 1250, output: 5000 }],
    ["uses the rates of the most expensive modality", MIXED, 1000, { input: 1000 * 32_000, output: 64_000 }],
    ["is the usual one up to the limit of a long context", LONG, 272_000, { input: 272_000 * 1250, output: 5000 }],
    ["is that of a long context above the limit", LONG, 272_001, { input: 272_001 * 2500, output: 7500 }],
    [
      "is rounded up for all input, and per token of output",
      { input: 0.0125, output: 0.0001 },
      81,
      { input: 1013, output: 1 },
    ],
  ])("%s", (_what, prices, inputTokens, price) => {
    expect(highestPrice(cardAt(prices), inputTokens)).toEqual(price);
  });
});

/** Parts of a whole, so that a usage is within its bound. */
const share = fc.double({ min: 0, max: 1, noNaN: true });
const part = (whole: number, share: number) => Math.floor(whole * share);
const shares = fc.record({ read: share, hit: share, written: share, said: share, image: share, audio: share });
type Shares = typeof shares extends fc.Arbitrary<infer Value> ? Value : never;

/** A usage of at most so many tokens, in three modalities. Only text is written to the cache. */
function usageWithin(maxInput: number, maxOutput: number, of: Shares): Usage {
  const [input, output] = [part(maxInput, of.read), part(maxOutput, of.said)];
  const [images, sounds] = [part(input, of.image / 2), part(input, of.audio / 2)];
  const image = { input: images, cached: part(images, of.hit), output: part(output, of.image / 2) };
  const audio = { input: sounds, cached: part(sounds, of.hit), output: part(output, of.audio / 2) };
  const text = input - images - sounds;
  const cached = part(text, of.hit);
  const cacheWrite = part(text - cached, of.written);
  return usage({ input, cached: cached + image.cached + audio.cached, cacheWrite, output, image, audio });
}

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

describe("no usage costs more than its bound", () => {
  it.each(Object.entries(bundledCatalog().cards))("with the card %s", (_id, card) => {
    const demands = fc.record({
      inputBytes: fc.nat({ max: 1_200_000 }),
      images: fc.nat({ max: 3 }),
      maxOutputTokens: fc.integer({ min: 1, max: 200_000 }),
      choices: fc.integer({ min: 1, max: 8 }),
    });
    const property = fc.property(demands, shares, (demand, parts) => {
      const bound = toBound(demand, card, { max_output_tokens: 150_000 }, 256);
      const { nanoUsd } = boundAmounts(bound, bound.output);
      const charged = costOf(usageWithin(bound.input, bound.output * demand.choices, parts), card);
      expect(Number.isSafeInteger(nanoUsd) && Number.isSafeInteger(charged) && charged >= 0).toBe(true);
      expect(charged).toBeLessThanOrEqual(nanoUsd);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("at any prices", () => {
    const rate = fc.integer({ min: 0, max: 100_000_000 }).map((millionths) => millionths / 1_000_000);
    const times = fc.integer({ min: 100, max: 300 }).map((hundredths) => hundredths / 100);
    const modality = maybe(fc.record({ input: rate, cached_input: rate, output: rate }, { requiredKeys: [] }));
    const prices = fc.record({
      input: rate,
      cached_input: maybe(rate),
      cache_write: maybe(rate),
      output: rate,
      image: modality,
      audio: modality,
      long_context: maybe(fc.record({ above_input_tokens: fc.nat(1000), input_times: times, output_times: times })),
    });
    const property = fc.property(prices, fc.nat(2000), shares, (prices, room, parts) => {
      const used = usageWithin(room, 1000, parts);
      const highest = highestPrice(cardAt(prices), room);
      expect(cost(prices, used)).toBeLessThanOrEqual(highest.input + used.output * highest.output);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
