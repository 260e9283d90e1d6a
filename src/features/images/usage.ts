// The usage of an image answer, from its JSON or from the end of its text.

import * as v from "valibot";
import type { Usage } from "../../core/relay/answer.ts";
import { ReportedTokens, toTokenUsage, UsageDetails, usageFieldOf } from "../../dialects/openai/answer-fields.ts";

const UsageBody = v.object({
  input_tokens: v.nullish(ReportedTokens),
  output_tokens: v.nullish(ReportedTokens),
  total_tokens: v.nullish(ReportedTokens),
  input_tokens_details: UsageDetails,
  output_tokens_details: UsageDetails,
});
const UsageText = v.pipe(v.string(), v.parseJson(), UsageBody);

/** An object whose members are numbers and flat objects. */
const FLAT_OBJECT = /\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/;

/** Returns the last usage in a text; undefined when there is none. `readsImages`: the request has images. */
export function imageUsageIn(text: string, readsImages: boolean): Usage | undefined {
  const body = FLAT_OBJECT.exec(text.slice(text.lastIndexOf('"usage"')))?.[0];
  const parsed = v.safeParse(UsageText, body);
  return parsed.success ? toUsage(parsed.output, readsImages) : undefined;
}

/** Returns the usage in the JSON of an answer; undefined when it has none. `readsImages`: the request has images. */
export function imageUsageOf(body: unknown, readsImages: boolean): Usage | undefined {
  const usage = usageFieldOf(body, UsageBody);
  return usage && toUsage(usage, readsImages);
}

/**
 * Older models do not report the tokens of images: then all output counts as images, and so does all input of a request
 * with images, because images cost more than text.
 */
function toUsage(usage: v.InferOutput<typeof UsageBody>, readsImages: boolean): Usage | undefined {
  const { input_tokens: input, output_tokens: output, total_tokens: total } = usage;
  const { input_tokens_details: inputDetails, output_tokens_details: outputDetails } = usage;
  const inputImages = inputDetails?.image_tokens ?? (readsImages ? input : 0);
  return toTokenUsage(
    { input, output, total },
    { ...inputDetails, image_tokens: inputImages },
    { ...outputDetails, image_tokens: outputDetails?.image_tokens ?? output },
  );
}
