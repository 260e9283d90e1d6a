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
  /** The model is shown more than what is sent, so that only the provider's own count bounds it. */
  uncounted?: boolean;
  /** What it goes on with and adds to, so that its count holds only while no other request does: a conversation's id. */
  exclusive?: string | undefined;
  /** What a prompt that the provider keeps adds to the input, at most. */
  promptTokens?: number | undefined;
  hosted?: HostedTools | undefined;
  /** It costs a request and no tokens. */
  free?: boolean;
}

/** The most that tools can cost that the provider runs. */
export interface HostedTools {
  calls: number;
  /** What a call may show the model. */
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

/** What holds whichever of several requests is sent. */
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
 * The bound of a demand. No text has more tokens than UTF-8 bytes (byte-level BPE only ever merges bytes), JSON never
 * shortens text, and its keys outweigh the template's tokens per message; so the input bound is never too small.
 */
export function toBound(
  demand: Demand,
  card: ModelCard,
  plan: { max_output_tokens: number },
  minOutputTokens: number,
): Bound {
  if (demand.free) return { input: 0, output: 0, minOutput: 0, choices: 1, inputNanoUsd: 0, outputNanoUsd: 0 };
  const most = demand.inputBytes + demand.images * (card.image_tokens ?? 0);
  const { calls = 0, inputTokensPerCall = 0, nanoUsdPerCall = 0 } = demand.hosted ?? {};
  const added = TEMPLATE_TOKENS + (demand.promptTokens ?? 0) + calls * inputTokensPerCall;
  const ceiling = card.max_input_tokens ?? card.context_window ?? Infinity;
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
    inputNanoUsd: price.input + calls * nanoUsdPerCall,
    outputNanoUsd: price.output,
  };
}
