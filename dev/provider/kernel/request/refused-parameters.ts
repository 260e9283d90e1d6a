// Parameters that the endpoint has but the model does not accept.
import type { JsonObject } from "../body.ts";
import { invalidRequest, type ProviderError } from "../errors.ts";

// A model that refuses one of these parameters still accepts its default.
const DEFAULTS: Record<string, number | false> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
  top_logprobs: 0,
};

/** Finds the first refused parameter that differs from its default. */
export function findRefused(body: JsonObject, refused: readonly string[]) {
  for (const name of refused) {
    const value = body[name] ?? undefined;
    if (value !== undefined && value !== DEFAULTS[name]) return { name, value, only: DEFAULTS[name] };
  }
  return undefined;
}

/** The error of a parameter that a model does not accept. */
export function unsupportedParameter(
  name: string,
  advice = "",
  code: string | null = "unsupported_parameter",
): ProviderError {
  const message = `Unsupported parameter: '${name}' is not supported with this model.${advice}`;
  return invalidRequest(message, name, code);
}
