// The schema of POST /v1/completions: prompts as texts or tokens.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { CHAT_FIELDS } from "../../dialects/openai/request-fields.ts";
import { textsOrTokens } from "../../dialects/openai/texts-or-tokens.ts";

/** The most prompts of one request. */
const MAX_PROMPTS = 2048;
/** Tokens of one token array: the largest context of today's models. */
const MAX_PROMPT_TOKENS = 1_048_576;

const wholeNumber = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

const { stop, temperature, top_p, presence_penalty, frequency_penalty, logit_bias, seed, user } = CHAT_FIELDS;

/** All fields that Weir passes on. An unknown field could cost money unmetered. */
const Fields = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)),
  prompt: textsOrTokens({ minTextLength: 0, maxEntries: MAX_PROMPTS, maxTokens: MAX_PROMPT_TOKENS }),
  suffix: v.nullish(v.string()),
  /** With `echo` and `logprobs`, 0 scores the prompt. */
  max_tokens: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
  n: v.nullish(wholeNumber(1, 128)),
  /** 0 means the same as no value. */
  best_of: v.nullish(wholeNumber(0, 20)),
  echo: v.nullish(v.boolean()),
  logprobs: v.nullish(wholeNumber(0, 5)),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.optional(v.boolean()) })),
  stop,
  temperature,
  top_p,
  presence_penalty,
  frequency_penalty,
  logit_bias,
  seed,
  user,
});

type Fields = v.InferOutput<typeof Fields>;

const refusedWhen = (field: "best_of" | "echo", isRefused: (request: Fields) => boolean, message: string) =>
  v.forward(
    v.check((request: Fields) => !isRefused(request), message),
    [field],
  );

export const CompletionsRequest = v.pipe(
  Fields,
  refusedWhen("best_of", ({ best_of: best, n }) => !!best && best < (n ?? 1), "must be at least 'n'"),
  refusedWhen("best_of", ({ best_of: best, stream }) => !!stream && (best ?? 0) > 1, "must be at most 1 with 'stream'"),
  // An echo in a stream would count as output, which could exceed the grant.
  refusedWhen("echo", ({ echo, stream }) => !!stream && !!echo, "must be false with 'stream'"),
);

export type CompletionsRequest = v.InferOutput<typeof CompletionsRequest>;
