// Cost of usage in nano-dollars (1e-9 USD), rounded up, at the model card's rates.

import type { ModelCard } from "../catalog/card.ts";
import type { ModalityUsage, Usage } from "../relay/answer.ts";

type Prices = NonNullable<ModelCard["prices"]>;

/** Rates in pico-dollars (1e-12 USD) per token, so that prices with up to six decimals are integers. */
interface TokenRates {
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
}

/** Units that are not priced by tokens, and are known before a request is sent. */
export interface PricedUnits {
  audioSeconds?: number;
  characters?: number;
  videoSeconds?: number;
  trainingTokens?: number;
}

const PICO_PER_USD = 1e12;
const PICO_PER_NANO = 1000;
const MILLION = 1_000_000;

/** Returns the cost of a usage in nano-dollars. A card without prices is free. */
export function costOf(usage: Omit<Usage, "reasoning">, { prices }: Pick<ModelCard, "prices">): number {
  if (!prices) return 0;
  const { image = NONE, audio = NONE } = usage;
  const text = {
    input: usage.input - image.input - audio.input,
    cached: usage.cached - image.cached - audio.cached,
    cacheWrite: usage.cacheWrite,
    output: usage.output - image.output - audio.output,
  };
  const rates = ratesFor(prices, usage.input);
  const pico =
    tokensCost(text, rates.text) +
    tokensCost({ ...image, cacheWrite: 0 }, rates.image) +
    tokensCost({ ...audio, cacheWrite: 0 }, rates.audio);
  return Math.ceil(pico / PICO_PER_NANO) + costOfUnits({ audioSeconds: usage.audioSeconds ?? 0 }, prices);
}

/** Returns the cost of units in nano-dollars. A unit without a price is free. */
export function costOfUnits(units: PricedUnits, prices: ModelCard["prices"]): number {
  if (!prices) return 0;
  const pico =
    toPico(prices.minute_of_audio, 60) * (units.audioSeconds ?? 0) +
    toPico(prices.million_characters, MILLION) * (units.characters ?? 0) +
    toPico(prices.second_of_video, 1) * (units.videoSeconds ?? 0) +
    toPico(prices.million_training_tokens, MILLION) * (units.trainingTokens ?? 0);
  return Math.ceil(pico / PICO_PER_NANO);
}

/**
 * Returns the highest cost in nano-dollars of `inputTokens` in all, and of one output token. Uses the most expensive
 * modality, and the most expensive of uncached, cached and cache-writing input.
 */
export function highestPrice({ prices }: ModelCard, inputTokens: number): { input: number; output: number } {
  if (!prices) return { input: 0, output: 0 };
  const all = Object.values(ratesFor(prices, inputTokens));
  const input = Math.max(...all.flatMap((rates) => [rates.input, rates.cached, rates.cacheWrite]));
  const output = Math.max(...all.map((rates) => rates.output));
  return { input: Math.ceil((inputTokens * input) / PICO_PER_NANO), output: Math.ceil(output / PICO_PER_NANO) };
}

const NONE: ModalityUsage = { input: 0, cached: 0, output: 0 };

function tokensCost(tokens: TokenRates, rates: TokenRates): number {
  const uncached = Math.max(0, tokens.input - tokens.cached - tokens.cacheWrite);
  return (
    uncached * rates.input +
    tokens.cached * rates.cached +
    tokens.cacheWrite * rates.cacheWrite +
    tokens.output * rates.output
  );
}

type Rates = Record<"text" | "image" | "audio", TokenRates>;

/** Every request needs the rates several times, and a card's prices never change. */
const computedRates = new WeakMap<Prices, { usual: Rates; long: Rates }>();

/** The rates of each modality for an input of that length. */
function ratesFor(prices: Prices, inputTokens: number): Rates {
  const { long_context: long } = prices;
  const rates = computedRates.get(prices) ?? {
    usual: toRates(prices, 1, 1),
    long: toRates(prices, long?.input_times ?? 1, long?.output_times ?? 1),
  };
  computedRates.set(prices, rates);
  return long !== undefined && inputTokens > long.above_input_tokens ? rates.long : rates.usual;
}

/** A modality without its own prices has those of text. */
function toRates(prices: Prices, inputTimes: number, outputTimes: number): Rates {
  const ratesOf = (priced: Pick<Prices, "input" | "cached_input" | "cache_write" | "output">): TokenRates => ({
    input: toPico(priced.input, MILLION, inputTimes),
    cached: toPico(priced.cached_input ?? priced.input, MILLION, inputTimes),
    cacheWrite: toPico(priced.cache_write ?? priced.input, MILLION, inputTimes),
    output: toPico(priced.output, MILLION, outputTimes),
  });
  const { input, output } = prices;
  return {
    text: ratesOf(prices),
    image: ratesOf({ input, output, ...prices.image }),
    audio: ratesOf({ input, output, ...prices.audio }),
  };
}

/** Converts a price in US dollars for `per` units to pico-dollars per unit. */
const toPico = (usd: number | undefined, per: number, times = 1) =>
  Math.round(((usd ?? 0) * times * PICO_PER_USD) / per);
