// The top-level parameters of Chat Completions, and those that a model does not accept.
import { type JsonObject, refuseUnknown } from "../../kernel/body.ts";
import type { Card } from "../../kernel/catalog.ts";
import { invalidRequest, type ProviderError } from "../../kernel/errors.ts";
import { findRefused, unsupportedParameter } from "../../kernel/request/refused-parameters.ts";

const PARAMETERS = new Set([
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

/** Throws a 400 for the first parameter that is unknown or that the model does not accept. */
export function checkChatParameters(body: JsonObject, card: Card): void {
  refuseUnknown(body, PARAMETERS);
  const refused = findRefused(body, card.refuses?.chat_completions ?? []);
  if (typeof refused?.only === "number") throw unsupportedValue(refused.name, refused.value, refused.only);
  if (refused) throw unsupportedParameter(refused.name);
  if (card.reasoning && typeof body["max_tokens"] === "number") {
    throw unsupportedParameter("max_tokens", " Use 'max_completion_tokens' instead.");
  }
}

function unsupportedValue(name: string, value: unknown, only: number): ProviderError {
  const message =
    `Unsupported value: '${name}' does not support ${JSON.stringify(value)} with this model. ` +
    `Only the default (${only}) value is supported.`;
  return invalidRequest(message, name, "unsupported_value");
}
