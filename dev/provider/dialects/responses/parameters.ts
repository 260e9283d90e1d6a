// The top-level parameters of Responses, and those that a model does not accept.
import { type JsonObject, readBoolean, refuseUnknown } from "../../kernel/body.ts";
import type { Card } from "../../kernel/catalog.ts";
import { invalidRequest } from "../../kernel/errors.ts";
import { findRefused, unsupportedParameter } from "../../kernel/request/refused-parameters.ts";

const PROMPT_PARAMETERS = [
  "conversation",
  "input",
  "instructions",
  "model",
  "parallel_tool_calls",
  "previous_response_id",
  "reasoning",
  "text",
  "tool_choice",
  "tools",
  "truncation",
];

/** The parameters of `POST /v1/responses/input_tokens`. */
export const COUNTING_PARAMETERS: ReadonlySet<string> = new Set([...PROMPT_PARAMETERS, "personality"]);

const PARAMETERS = new Set([
  ...PROMPT_PARAMETERS,
  "background",
  "context_management",
  "include",
  "max_output_tokens",
  "max_tool_calls",
  "metadata",
  "moderation",
  "prompt",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "store",
  "stream",
  "stream_options",
  "temperature",
  "top_logprobs",
  "top_p",
  "user",
]);

// Models that reason refuse these when their card has no list.
const REFUSED_BY_REASONING = ["temperature", "top_p", "top_logprobs"];

/** Throws a 400 for the first parameter that is unknown or that the model does not accept. */
export function checkResponsesParameters(body: JsonObject, card: Card): void {
  refuseUnknown(body, PARAMETERS);
  const refused = findRefused(body, card.refuses?.responses ?? (card.reasoning ? REFUSED_BY_REASONING : []));
  // Recordings of this error have no code, unlike those of Chat Completions.
  if (refused) throw unsupportedParameter(refused.name, "", null);
  if (readBoolean(body, "background", false) && !readBoolean(body, "store", true)) {
    throw invalidRequest("Background mode requires 'store' to be true.", "background");
  }
}
