// Parser for the error envelope of OpenAI-compatible providers.

import * as v from "valibot";
import type { ErrorBody } from "../errors.ts";

const NullableText = v.fallback(v.nullish(v.string()), null);

/** The `error` of a provider's response or event: an object, or only its message. */
export const ProviderErrorBody = v.union([
  v.object({ message: NullableText, type: NullableText, param: NullableText, code: NullableText }),
  v.pipe(
    v.string(),
    v.transform((message) => ({ message, type: null, param: null, code: null })),
  ),
]);

/** Codes of a failed response that the request caused. */
const REQUEST_ERROR_CODES = /^invalid_prompt|image/;

/** Completes a provider's error with defaults. */
export function toErrorBody(error: Partial<v.InferOutput<typeof ProviderErrorBody>>): ErrorBody {
  const { message, param, code } = error;
  const type = code && REQUEST_ERROR_CODES.test(code) ? "invalid_request_error" : "server_error";
  return {
    message: message ?? "The provider reported an error.",
    type: error.type ?? type,
    param: param ?? null,
    code: code ?? null,
  };
}

const ErrorEnvelope = v.object({ error: ProviderErrorBody });

/** Parses the error in a provider's JSON body; undefined when there is none. */
export function readProviderError(text: string): ErrorBody | undefined {
  try {
    return toErrorBody(v.parse(ErrorEnvelope, JSON.parse(text)).error);
  } catch {
    return undefined;
  }
}
