// The bound: the most that a request can cost, known before it is sent.

import type { ModelCard } from "../catalog/card.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { NO_AMOUNTS } from "../catalog/quota-window.ts";
import type { PricedUnits } from "./price.ts";
import { costOfUnits, highestPrice } from "./price.ts";

/** The most that a request can cost. Each choice is granted between `minOutput` and `output` tokens. */
export interface Bound {
  /** Tokens. */
  input: number;
  output: number;
  minOutput: number;
  choices: number;
  /** Requests to providers. */
  requests: number;
  /** Nano-dollars for the whole input, and for one output token, at the highest rate that can apply. */
  inputNanoUsd: number;
  outputNanoUsd: number;
}

/** The size of a request, as far as it is known before it is sent. */
export interface Demand {
  /** An upper bound of the text tokens: the UTF-8 bytes of the model's input, without data URLs. */
  inputBytes: number;
  images: number;
  /** Requested answers (`n`). */
  choices: number;
  /** Requested output tokens, per answer. */
  maxOutputTokens: number | undefined;
  /** Output that no parameter limits. */
  fixedOutput?: FixedOutput;
  /** An upper bound of the tokens of audio in the input. */
  audioTokens?: number;
  /** The endpoint's own limit of input tokens, where it has one. */
  maxInputTokens?: number;
  /** The exact input token count, where it is known. */
  exactInput?: number;
  /** Only an exact count bounds the input, because the provider adds input that it stores. */
  needsCount?: boolean;
  /** The most input tokens that the provider adds and its counter omits. */
  addedTokens?: number | undefined;
  /** Refuses other requests with the same key while this one runs, with `busyMessage`. */
  exclusive?: { key: string; busyMessage: string } | undefined;
  /** Limits of the tool calls that the provider may run. */
  toolCalls?: ProviderToolCalls | undefined;
  /** Units that are not priced by tokens, for speech and transcription. */
  units?: PricedUnits;
  /** The bound rests on a formula or on a parser of files, so usage above it is charged too. */
  chargesExcess?: boolean;
  /** The whole cost, where the feature has summed it up: that of a job with many requests. */
  total?: { tokens: number; nanoUsd: number };
  /** Costs neither tokens nor money, only requests. */
  free?: boolean;
  /** The requests that it counts as: one for each text or image of a list. 1 when absent. */
  requests?: number;
}

/** Output that no parameter limits. It is granted whole, whatever the plan's `max_output_tokens`, or refused. */
export interface FixedOutput {
  /** The most tokens per answer. */
  tokens: number;
  /** An answer without usage costs all of it, because the provider generates about as much in any case. */
  isChargedWhole: boolean;
}

/** The most that the tool calls of the provider can cost. */
export interface ProviderToolCalls {
  /** The number of calls. */
  most: number;
  /** The most tokens that the result of a call adds to the input. */
  inputTokensPerCall: number;
  nanoUsdPerCall: number;
}

/** The most tokens that a chat template adds to a very short request. */
const TEMPLATE_TOKENS = 16;

/** Bytes of the longest token in today's vocabularies. */
const MAX_BYTES_PER_TOKEN = 128;

/** The fewest tokens that the input can have. */
export function minInputTokens({ inputBytes, audioTokens = 0 }: Demand): number {
  return Math.floor(inputBytes / MAX_BYTES_PER_TOKEN) + audioTokens;
}

/** The most tokens of the input, without the calls of tools. Each token has at least one byte. */
export function inputBound(demand: Demand, card: ModelCard): number {
  return Math.min(contextOf(demand, card), inputCeiling(demand, card));
}

function contextOf(demand: Demand, card: ModelCard): number {
  const inputTokens = demand.inputBytes + demand.images * (card.image_tokens ?? 0) + (demand.audioTokens ?? 0);
  return (demand.exactInput ?? inputTokens) + TEMPLATE_TOKENS + (demand.addedTokens ?? 0);
}

const inputCeiling = ({ maxInputTokens }: Demand, card: ModelCard) => maxInputTokens ?? inputLimitOf(card);

/** The most input tokens that a model accepts at once. */
export const inputLimitOf = ({ max_input_tokens, context_window }: ModelCard): number =>
  max_input_tokens ?? context_window ?? Infinity;

/** The maximum of several bounds, field by field: it covers each of them. */
export function widestBound(bounds: Bound[]): Bound {
  const max = (field: keyof Bound) => Math.max(...bounds.map((bound) => bound[field]));
  return {
    input: max("input"),
    output: max("output"),
    minOutput: max("minOutput"),
    choices: max("choices"),
    requests: max("requests"),
    inputNanoUsd: max("inputNanoUsd"),
    outputNanoUsd: max("outputNanoUsd"),
  };
}

/**
 * Returns the bound of a demand. A token has at least one byte, so the bytes of the text are an upper bound. JSON keys
 * add more bytes than the chat template adds tokens.
 */
export function toBound(
  demand: Demand,
  card: ModelCard,
  plan: { max_output_tokens: number },
  minOutputTokens: number,
): Bound {
  const { requests = 1 } = demand;
  const total = demand.free ? NO_AMOUNTS : demand.total;
  if (total) {
    const { tokens, nanoUsd } = total;
    return { input: tokens, output: 0, minOutput: 0, choices: 1, requests, inputNanoUsd: nanoUsd, outputNanoUsd: 0 };
  }
  const { most: calls = 0, inputTokensPerCall = 0, nanoUsdPerCall = 0 } = demand.toolCalls ?? {};
  const ceiling = inputCeiling(demand, card);
  const requested = demand.maxOutputTokens ?? Infinity;
  const limit = Math.min(requested, plan.max_output_tokens, card.max_output_tokens ?? Infinity);
  const output = demand.fixedOutput?.tokens ?? limit;
  const context = contextOf(demand, card) + calls * inputTokensPerCall;
  // After each tool call the model reads the whole input again, and its own output so far.
  const input = Math.min(context, ceiling) + calls * Math.min(context + output, ceiling);
  const price = highestPrice(card, input);
  return {
    input,
    output,
    minOutput: demand.fixedOutput ? output : Math.min(minOutputTokens, output),
    choices: demand.choices,
    requests,
    inputNanoUsd: price.input + calls * nanoUsdPerCall + costOfUnits(demand.units ?? {}, card.prices),
    outputNanoUsd: price.output,
  };
}

/** The amounts of a bound with `outputEach` output tokens per choice. */
export function boundAmounts(bound: Bound, outputEach: number): Amounts {
  const output = outputEach * bound.choices;
  const { requests } = bound;
  return { tokens: bound.input + output, requests, nanoUsd: bound.inputNanoUsd + output * bound.outputNanoUsd };
}
