// Schemas of fields that the answers of OpenAI's endpoints share, such as usage.

import * as v from "valibot";
import type { ModalityUsage, Usage } from "../../core/relay/answer.ts";

/**
 * A field that becomes null when the provider's value does not match the schema, so that the answer is still decoded.
 */
export const orNull = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullish(schema), null);

export const NullableText = orNull(v.string());
export const ReportedTokens = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The details of a token count. Unknown details are ignored. */
export const UsageDetails = orNull(
  v.object({
    cached_tokens: v.nullish(ReportedTokens),
    cache_write_tokens: v.nullish(ReportedTokens),
    reasoning_tokens: v.nullish(ReportedTokens),
    image_tokens: v.nullish(ReportedTokens),
    audio_tokens: v.nullish(ReportedTokens),
  }),
);
type UsageDetails = v.InferOutput<typeof UsageDetails>;

/** Converts OpenAI's token counts to a usage. A missing detail counts as zero. */
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

/** OpenAI does not report cached tokens by modality, so all of them count as uncached. */
function toModalityUsage(input: number | null | undefined, output: number | null | undefined) {
  if (!input && !output) return undefined;
  return { input: input ?? 0, cached: 0, output: output ?? 0 } satisfies ModalityUsage;
}
