// What the answers of OpenAI's endpoints have in common: fields, and how usage is told.

import * as v from "valibot";
import type { Usage } from "../stream/answer.ts";

/** A text, or nothing where it is none. */
export const Text = v.fallback(v.nullish(v.string()), null);
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Counts that say more about another; not knowing them is the same as none. */
export const Details = v.fallback(
  v.nullish(
    v.object({
      cached_tokens: v.nullish(Count),
      cache_write_tokens: v.nullish(Count),
      reasoning_tokens: v.nullish(Count),
    }),
  ),
  null,
);
type Details = v.InferOutput<typeof Details>;

/** A usage out of its two counts and what is said about each. */
export function usageOf(input: number, inputDetails: Details, output: number, outputDetails: Details): Usage {
  return {
    input,
    cached: inputDetails?.cached_tokens ?? 0,
    cacheWrite: inputDetails?.cache_write_tokens ?? 0,
    output,
    reasoning: outputDetails?.reasoning_tokens ?? 0,
  };
}
