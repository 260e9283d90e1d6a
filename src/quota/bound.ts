// The most that a request can cost, known before it is sent.

import type { ModelCard } from "../catalog/card.ts";
import type { Bound } from "./ledger.ts";
import { dearestPrice } from "./price.ts";

/** What a request says about its own size. */
export interface Demand {
  /** UTF-8 bytes of the JSON that shows the model its input, as it is sent, without data URLs. */
  inputBytes: number;
  images: number;
  /** Answers asked for (`n`). */
  choices: number;
  /** Output tokens asked for, per answer. */
  maxOutputTokens: number | undefined;
  /** The provider's own count of the input's tokens, where it was asked for. */
  exactInput?: number | undefined;
}

/** Tokens that a provider's chat template may add to a request whose text is a few bytes long. */
const TEMPLATE_TOKENS = 16;

/** The longest token of today's vocabularies has that many bytes. */
const MOST_BYTES_PER_TOKEN = 128;

/** The fewest tokens that a demand's text can have. */
export function leastInput({ inputBytes }: Demand): number {
  return Math.floor(inputBytes / MOST_BYTES_PER_TOKEN);
}

/**
 * The bound of a demand. No text has more tokens than UTF-8 bytes (byte-level BPE only ever merges bytes), JSON never
 * shortens text, and its keys outweigh the template's tokens per message; so the input bound is never too small.
 */
export function toBound(
  demand: Demand,
  card: ModelCard,
  plan: { max_output_tokens: number },
  minOutputTokens: number,
): Bound {
  const most = demand.inputBytes + demand.images * (card.image_tokens ?? 0);
  const ceiling = card.max_input_tokens ?? card.context_window ?? Infinity;
  const input = Math.min((demand.exactInput ?? most) + TEMPLATE_TOKENS, ceiling);
  const asked = demand.maxOutputTokens ?? Infinity;
  const output = Math.min(asked, plan.max_output_tokens, card.max_output_tokens ?? Infinity);
  const price = dearestPrice(card, input);
  return {
    input,
    output,
    minOutput: Math.min(minOutputTokens, output),
    choices: demand.choices,
    inputNanoUsd: price.input,
    outputNanoUsd: price.output,
  };
}
