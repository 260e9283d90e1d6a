// Reads the error envelope that OpenAI-compatible providers send.

import * as v from "valibot";
import type { ErrorBody } from "../errors.ts";

const NullableText = v.fallback(v.nullish(v.string()), null);

/** An error as a provider writes it. */
export const ProviderErrorBody = v.object({
  message: NullableText,
  type: NullableText,
  param: NullableText,
  code: NullableText,
});

/** Of the codes that a response can fail with, those that blame the request. */
const CALLERS_FAULT = /^invalid_prompt|image/;

/** The error with defaults for what the provider left out. */
export function toErrorBody(error: Partial<v.InferOutput<typeof ProviderErrorBody>>): ErrorBody {
  const { message, param, code } = error;
  const type = code && CALLERS_FAULT.test(code) ? "invalid_request_error" : "server_error";
  return {
    message: message ?? "The provider reported an error.",
    type: error.type ?? type,
    param: param ?? null,
    code: code ?? null,
  };
}

const ErrorEnvelope = v.object({ error: ProviderErrorBody });

/** The error that a provider's JSON body holds, or undefined when it holds none. */
export function readProviderError(text: string): ErrorBody | undefined {
  try {
    return toErrorBody(v.parse(ErrorEnvelope, JSON.parse(text)).error);
  } catch {
    return undefined;
  }
}
