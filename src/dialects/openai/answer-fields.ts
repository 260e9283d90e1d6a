// Fields that the answers of OpenAI's endpoints share, and the usage they tell.

import * as v from "valibot";
import type { ModalityUsage, Usage } from "../../core/relay/answer.ts";

/** A field that becomes null when the provider's value does not fit the schema: that is no reason to fail. */
export const orNull = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullish(schema), null);

export const NullableText = orNull(v.string());
export const TokenCount = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Parts of a count. An unknown part counts as none. */
export const UsageDetails = orNull(
  v.object({
    cached_tokens: v.nullish(TokenCount),
    cache_write_tokens: v.nullish(TokenCount),
    reasoning_tokens: v.nullish(TokenCount),
    image_tokens: v.nullish(TokenCount),
    audio_tokens: v.nullish(TokenCount),
  }),
);
type UsageDetails = v.InferOutput<typeof UsageDetails>;

/** Makes a usage out of its two counts and their details. */
export function toTokenUsage(
  input: number,
  inputDetails: UsageDetails,
  output: number,
  outputDetails: UsageDetails,
): Usage {
  const image = toModalityUsage(inputDetails?.image_tokens, outputDetails?.image_tokens);
  const audio = toModalityUsage(inputDetails?.audio_tokens, outputDetails?.audio_tokens);
  return {
    input,
    cached: inputDetails?.cached_tokens ?? 0,
    cacheWrite: inputDetails?.cache_write_tokens ?? 0,
    output,
    reasoning: outputDetails?.reasoning_tokens ?? 0,
    ...(image ? { image } : {}),
    ...(audio ? { audio } : {}),
  };
}

/** OpenAI does not tell how many of a modality's input tokens were cached, so that none counts as cached. */
function toModalityUsage(input: number | null | undefined, output: number | null | undefined) {
  if (!input && !output) return undefined;
  return { input: input ?? 0, cached: 0, output: output ?? 0 } satisfies ModalityUsage;
}
