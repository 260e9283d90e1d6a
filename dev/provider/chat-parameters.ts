// Which top-level parameters Chat Completions has, and which of them a model refuses.
import { type JsonObject, refuseUnknown } from "./body.ts";
import type { Card } from "./catalog.ts";
import { invalidRequest, type ProviderError } from "./errors.ts";

const KNOWN = new Set([
  "audio",
  "frequency_penalty",
  "function_call",
  "functions",
  "logit_bias",
  "logprobs",
  "max_completion_tokens",
  "max_tokens",
  "messages",
  "metadata",
  "modalities",
  "model",
  "moderation",
  "n",
  "parallel_tool_calls",
  "prediction",
  "presence_penalty",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "reasoning_effort",
  "response_format",
  "safety_identifier",
  "seed",
  "service_tier",
  "stop",
  "store",
  "stream",
  "stream_options",
  "temperature",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "user",
  "verbosity",
  "web_search_options",
]);

// A model that refuses one of these still accepts the value that changes nothing.
const DEFAULTS: Record<string, number | false> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
};

/** Throws the 400 for the first parameter that Chat Completions has not or that this model refuses. */
export function checkParameters(body: JsonObject, card: Card): void {
  refuseUnknown(body, KNOWN);
  for (const name of card.refuses?.chat_completions ?? []) {
    const value = body[name] ?? undefined;
    if (value === undefined || value === DEFAULTS[name]) continue;
    throw typeof DEFAULTS[name] === "number" ? unsupportedValue(name, value, DEFAULTS[name]) : unsupported(name);
  }
  if (card.reasoning && typeof body["max_tokens"] === "number") {
    throw unsupported("max_tokens", " Use 'max_completion_tokens' instead.");
  }
}

function unsupported(name: string, advice = ""): ProviderError {
  const message = `Unsupported parameter: '${name}' is not supported with this model.${advice}`;
  return invalidRequest(message, name, "unsupported_parameter");
}

function unsupportedValue(name: string, value: unknown, only: number): ProviderError {
  const message =
    `Unsupported value: '${name}' does not support ${JSON.stringify(value)} with this model. ` +
    `Only the default (${only}) value is supported.`;
  return invalidRequest(message, name, "unsupported_value");
}
