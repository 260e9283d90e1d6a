// Extracts the usage from the end of an image answer or event.

import * as v from "valibot";
import type { Usage } from "../../core/relay/answer.ts";
import { ReportedTokens, toTokenUsage, UsageDetails } from "../../dialects/openai/answer-fields.ts";

const ImageUsage = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    input_tokens: v.nullish(ReportedTokens),
    output_tokens: v.nullish(ReportedTokens),
    total_tokens: v.nullish(ReportedTokens),
    input_tokens_details: UsageDetails,
    output_tokens_details: UsageDetails,
  }),
);

/** An object whose members are numbers and flat objects. */
const FLAT_OBJECT = /\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/;

/**
 * Returns the last usage in a text; undefined when there is none. Older models do not report the tokens of images: then
 * all output counts as images, and so does all input of a request with images, because images cost more than text.
 */
export function imageUsageIn(text: string, readsImages: boolean): Usage | undefined {
  const body = FLAT_OBJECT.exec(text.slice(text.lastIndexOf('"usage"')))?.[0];
  const parsed = v.safeParse(ImageUsage, body);
  if (!parsed.success) return undefined;
  const { input_tokens: input, output_tokens: output, total_tokens: total } = parsed.output;
  const { input_tokens_details: inputDetails, output_tokens_details: outputDetails } = parsed.output;
  const inputImages = inputDetails?.image_tokens ?? (readsImages ? input : 0);
  return toTokenUsage(
    { input, output, total },
    { ...inputDetails, image_tokens: inputImages },
    { ...outputDetails, image_tokens: outputDetails?.image_tokens ?? output },
  );
}
