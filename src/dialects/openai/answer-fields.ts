// What the answers of OpenAI's endpoints have in common: fields, and how usage and errors are told.

import * as v from "valibot";
import type { ErrorBody } from "../../core/errors.ts";
import type { Usage } from "../../core/relay/answer.ts";

/** A field that is null where the provider's value does not fit the schema: that is never a reason to fail. */
export const orNothing = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullish(schema), null);

export const Text = orNothing(v.string());
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Counts that say more about another; not knowing them is the same as none. */
export const Details = orNothing(
  v.object({
    cached_tokens: v.nullish(Count),
    cache_write_tokens: v.nullish(Count),
    reasoning_tokens: v.nullish(Count),
  }),
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

/** An error as a provider writes it. */
export const ProviderError = v.object({ message: Text, type: Text, param: Text, code: Text });

/** Codes that say what is wrong with the request, of those that a response can fail with. */
const CALLERS_FAULT = /^invalid_prompt|image/;

/** The same with what is missing. */
export function toErrorBody(error: Partial<v.InferOutput<typeof ProviderError>>): ErrorBody {
  const { message, param, code } = error;
  const type = code && CALLERS_FAULT.test(code) ? "invalid_request_error" : "server_error";
  return {
    message: message ?? "The provider reported an error.",
    type: error.type ?? type,
    param: param ?? null,
    code: code ?? null,
  };
}
