// The decoder of answers with `choices` and `usage`, streamed or whole.

import * as v from "valibot";
import { ProviderErrorBody, providerErrorIn, toErrorBody } from "../../core/gateway/provider-error-body.ts";
import type { Piece, Usage } from "../../core/relay/answer.ts";
import type { Decoded, Dialect } from "../../core/relay/dialect.ts";
import { orNull, ReportedTokens, toTokenUsage, UsageDetails, usageFieldOf } from "./answer-fields.ts";
import { toFinishPiece } from "./finish.ts";
import { textsIn } from "./texts.ts";

interface AnyChoice {
  finish_reason?: string | null | undefined;
}

const UsageBody = v.object({
  prompt_tokens: v.nullish(ReportedTokens),
  completion_tokens: v.nullish(ReportedTokens),
  total_tokens: v.nullish(ReportedTokens),
  prompt_tokens_details: UsageDetails,
  completion_tokens_details: UsageDetails,
});

/**
 * Creates the dialect of an endpoint from the schema of its choices. `piecesOf` returns the content of a choice. Decoding
 * throws when the JSON is invalid or does not match the schema.
 */
export function createChoicesDialect<Choice extends AnyChoice>(
  Choice: v.GenericSchema<unknown, Choice>,
  piecesOf: (choice: Choice) => Piece[],
): Dialect {
  /** A chunk of a stream, a whole answer, or an error. */
  const Body = v.object({
    choices: v.nullish(v.array(Choice)),
    /** Invalid usage counts as absent, so that the answer is charged by estimate and not free. */
    usage: orNull(UsageBody),
    error: v.nullish(ProviderErrorBody),
  });

  const decodeWhole = (text: string): Decoded => {
    const json: unknown = JSON.parse(text);
    const { choices, usage, error } = v.parse(Body, json);
    const pieces: Piece[] = [];
    for (const choice of choices ?? []) {
      pieces.push(...piecesOf(choice));
      if (choice.finish_reason) pieces.push(toFinishPiece(choice.finish_reason));
    }
    const counted = usage && toUsage(usage);
    if (counted) pieces.push({ kind: "usage", usage: counted, alone: !choices || choices.length === 0 });
    // Some servers write the fields of an error without an envelope.
    const failure = error ? toErrorBody(error) : choices || usage ? undefined : providerErrorIn(json);
    if (failure) pieces.push({ kind: "error", error: failure }, { kind: "end" });
    return { pieces, json };
  };
  return {
    decode: (data) => (data === "[DONE]" ? END : decodeWhole(data)),
    decodeWhole,
    allText(json) {
      const { choices } = (json ?? {}) as { choices?: object[] | null };
      // Log probabilities repeat the tokens. Mixed into the text they would hide it from the classifier.
      return (choices ?? []).flatMap((choice) => textsIn({ ...choice, logprobs: null })).join("");
    },
  };
}

const END: Decoded = { pieces: [{ kind: "end" }], json: undefined };

/** Returns the usage in the JSON of an answer; undefined when it has none. */
export function choicesUsageOf(body: unknown): Usage | undefined {
  const usage = usageFieldOf(body, UsageBody);
  return usage && toUsage(usage);
}

function toUsage(usage: v.InferOutput<typeof UsageBody>) {
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage;
  return toTokenUsage({ input, output, total }, usage.prompt_tokens_details, usage.completion_tokens_details);
}
