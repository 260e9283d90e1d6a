// The bound: the most that a request can cost, known before it is sent.

import type { ModelCard } from "../catalog/card.ts";
import type { Bound } from "./ledger.ts";
import type { PricedUnits } from "./price.ts";
import { costOfUnits, dearestPrice } from "./price.ts";

/** What a request tells about its own size. */
export interface Demand {
  /** UTF-8 bytes of the JSON that shows the model its input, as it is sent, without data URLs. */
  inputBytes: number;
  images: number;
  /** Answers asked for (`n`). */
  choices: number;
  /** Output tokens asked for, per answer. */
  maxOutputTokens: number | undefined;
  /** The most input tokens that are possible whatever its bytes, where the endpoint has such a limit. */
  maxInputTokens?: number;
  /** The exact count of the input's tokens, where it is known. */
  exactInput?: number;
  /** Only the provider's own count bounds the input, because the model is shown more than what is sent. */
  needsCount?: boolean;
  /** Input tokens that the provider adds to what is sent, at most. */
  addedTokens?: number | undefined;
  /** Excludes other requests with the same key while this one runs. `busy`: what those are told. */
  exclusive?: { key: string; busy: string } | undefined;
  /** Tools that the provider may run. */
  calls?: ProviderCalls | undefined;
  /** What is priced by something else than tokens. */
  units?: PricedUnits;
  /** It costs a request, and neither tokens nor money. */
  free?: boolean;
}

/** The most that the tools can cost that the provider runs. */
export interface ProviderCalls {
  most: number;
  /** Tokens that the result of a call may add to the input. */
  inputTokensPerCall: number;
  nanoUsdPerCall: number;
}

/** Tokens that a provider's chat template may add to a request whose text is a few bytes long. */
const TEMPLATE_TOKENS = 16;

/** The longest token of today's vocabularies has that many bytes. */
const MOST_BYTES_PER_TOKEN = 128;

/** The fewest tokens that a demand's text can have. */
export function leastInput({ inputBytes }: Demand): number {
  return Math.floor(inputBytes / MOST_BYTES_PER_TOKEN);
}

/** A bound that holds whichever of several requests is sent. */
export function widestBound(bounds: Bound[]): Bound {
  const most = (field: keyof Bound) => Math.max(...bounds.map((bound) => bound[field]));
  return {
    input: most("input"),
    output: most("output"),
    minOutput: most("minOutput"),
    choices: most("choices"),
    inputNanoUsd: most("inputNanoUsd"),
    outputNanoUsd: most("outputNanoUsd"),
  };
}

/**
 * The bound of a demand. No text has more tokens than UTF-8 bytes (byte-level BPE only merges bytes), JSON never shortens
 * text, and its keys outweigh the template's tokens per message. So the input bound is never too small.
 */
export function toBound(
  demand: Demand,
  card: ModelCard,
  plan: { max_output_tokens: number },
  minOutputTokens: number,
): Bound {
  if (demand.free) return { input: 0, output: 0, minOutput: 0, choices: 1, inputNanoUsd: 0, outputNanoUsd: 0 };
  const most = demand.inputBytes + demand.images * (card.image_tokens ?? 0);
  const { most: calls = 0, inputTokensPerCall = 0, nanoUsdPerCall = 0 } = demand.calls ?? {};
  const added = TEMPLATE_TOKENS + (demand.addedTokens ?? 0) + calls * inputTokensPerCall;
  const ceiling = demand.maxInputTokens ?? card.max_input_tokens ?? card.context_window ?? Infinity;
  const asked = demand.maxOutputTokens ?? Infinity;
  const output = Math.min(asked, plan.max_output_tokens, card.max_output_tokens ?? Infinity);
  const shown = (demand.exactInput ?? most) + added;
  // After each call the model reads all of it again, and what it has said so far.
  const input = Math.min(shown, ceiling) + calls * Math.min(shown + output, ceiling);
  const price = dearestPrice(card, input);
  return {
    input,
    output,
    minOutput: Math.min(minOutputTokens, output),
    choices: demand.choices,
    inputNanoUsd: price.input + calls * nanoUsdPerCall + costOfUnits(demand.units ?? {}, card.prices),
    outputNanoUsd: price.output,
  };
}
