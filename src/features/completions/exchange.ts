// The completions exchange: a bound for all prompts and candidates, and a pass-through answer.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Need } from "../../core/catalog/support.ts";
import { apiError } from "../../core/errors.ts";
import type { Subject, Way } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import type { Demand } from "../../core/quota/bound.ts";
import { inputLimitOf } from "../../core/quota/bound.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import { createChoicesPassCodec, passChoicesEvents } from "../../dialects/openai/pass-codec.ts";
import { dropRefused, parameterNeeds, requestUsage } from "../../dialects/openai/request-body.ts";
import { subjectOfTexts } from "../../dialects/openai/texts.ts";
import { textsOf, tokenBoundsOf } from "../../dialects/openai/texts-or-tokens.ts";
import { passWhole } from "../../dialects/openai/whole-answer.ts";
import { completionsDialect, lastCompletionsChunk } from "./decode.ts";
import type { CompletionsRequest } from "./request.ts";

const endpoint = "completions";

/** OpenAI's default of `max_tokens`. */
const USUAL_MAX_TOKENS = 16;

/** The most tokens that a server adds to a prompt: one before it, and three around a suffix. */
const ADDED_TOKENS = 4;

/** A completions request whose answer is passed through. */
export function passCompletions(request: CompletionsRequest): Way {
  const options = { keepUsage: request.stream_options?.include_usage === true, lastChunk: lastCompletionsChunk };
  return {
    endpoint,
    prepare(model) {
      if (model.fixed.instructions !== undefined) throw instructionsRefused(model);
      const sent = { ...request, model: model.snapshot };
      requestUsage(sent, endpoint, model);
      dropRefused(sent, endpoint, model);
      return {
        ask: {
          endpoint,
          needs: needsOf(sent),
          demand: demandOf(request, model),
          subject: subjectOf(request),
          write: ({ maxOutputTokens }) => jsonBody(JSON.stringify({ ...sent, max_tokens: maxOutputTokens })),
        },
        reply: request.stream
          ? {
              kind: "stream",
              dialect: completionsDialect,
              events: passChoicesEvents(options),
              passThrough: () => createChoicesPassCodec(completionsDialect, options),
            }
          : { kind: "json", read: (text) => passWhole(text, completionsDialect) },
      };
    },
  };
}

/** A prompt has no place for the operator's instructions, and a caller must not get around them. */
function instructionsRefused({ requestedName }: Model) {
  const fault = `The model '${requestedName}' has fixed instructions, and a prompt has no place for them.`;
  const message = `${fault} Use another model, or another endpoint of this one.`;
  return apiError("unsupported_value", message, { param: "model" });
}

function needsOf(sent: CompletionsRequest): Need[] {
  const needs = parameterNeeds(sent, endpoint, (field) => field);
  if (sent.stream) needs.push({ kind: "feature", feature: "streaming", param: "stream" });
  // Above 0, `logprobs` is the number of alternative tokens, as `top_logprobs` is in chats.
  if (sent.logprobs) needs.push({ kind: "parameter", endpoint, name: "top_logprobs", param: "logprobs" });
  return needs;
}

/** Each prompt gets as many candidates as `best_of` says. All of them cost output, also those that are not returned. */
function demandOf(request: CompletionsRequest, { card, fixed }: Model): Demand {
  const { prompt, suffix, n, best_of: bestOf, max_tokens: maxTokens } = request;
  const suffixBytes = utf8Length(suffix ?? "");
  const mostEach = inputLimitOf(card);
  const sizes = tokenBoundsOf(prompt).map((size) => Math.min(size + suffixBytes + ADDED_TOKENS, mostEach));
  const inputBytes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    inputBytes,
    images: 0,
    choices: sizes.length * Math.max(n ?? 1, bestOf ?? 1),
    maxOutputTokens: Math.min(maxTokens ?? USUAL_MAX_TOKENS, fixed.max_output_tokens ?? Infinity),
    // The limits of the card are those of one prompt.
    maxInputTokens: mostEach * sizes.length,
  };
}

function subjectOf({ prompt, suffix }: CompletionsRequest): Subject {
  const texts = textsOf(prompt);
  const subject = subjectOfTexts(() => [...(texts ?? []), ...(suffix ? [suffix] : [])], [], "prompt");
  return texts ? subject : Object.assign(subject, { unreadable: "prompt" });
}
