// What tokens cost, in nano-dollars (1e-9 USD): always integers, rounded up. Prices are the card's, per million tokens.

import type { ModelCard } from "../catalog/card.ts";
import type { Usage } from "../relay/answer.ts";

/** Rates in pico-dollars (1e-12 USD) a token, so that every price with up to six decimals is an integer. */
interface Rates {
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
}

const PICO_PER_TOKEN = 1_000_000;
const PICO_PER_NANO = 1000;

/** What a usage cost at the rates that applied to it. A card without prices is free. */
export function costOf(usage: Omit<Usage, "reasoning">, card: ModelCard, batch = false): number {
  const rates = ratesFor(card, usage.input, batch);
  const fresh = usage.input - usage.cached - usage.cacheWrite;
  const pico =
    Math.max(0, fresh) * rates.input +
    usage.cached * rates.cached +
    usage.cacheWrite * rates.cacheWrite +
    usage.output * rates.output;
  return Math.ceil(pico / PICO_PER_NANO);
}

/** The dearest that `inputTokens` can cost in all, and one token of output, for a request of at most that input. */
export function dearestPrice(card: ModelCard, inputTokens: number, batch = false): { input: number; output: number } {
  const rates = ratesFor(card, inputTokens, batch);
  const dearest = Math.max(rates.input, rates.cached, rates.cacheWrite);
  return {
    input: Math.ceil((inputTokens * dearest) / PICO_PER_NANO),
    output: Math.ceil(rates.output / PICO_PER_NANO),
  };
}

function ratesFor({ prices }: ModelCard, inputTokens: number, batch: boolean): Rates {
  if (!prices) return { input: 0, cached: 0, cacheWrite: 0, output: 0 };
  const { input, cached_input, cache_write, output } = (batch && prices.batch) || prices;
  const long =
    prices.long_context && inputTokens > prices.long_context.above_input_tokens ? prices.long_context : undefined;
  return {
    input: toPico(input, long?.input_times),
    cached: toPico(cached_input ?? input, long?.input_times),
    cacheWrite: toPico(cache_write ?? input, long?.input_times),
    output: toPico(output, long?.output_times),
  };
}

const toPico = (usdPerMillion: number, times = 1) => Math.round(usdPerMillion * times * PICO_PER_TOKEN);
