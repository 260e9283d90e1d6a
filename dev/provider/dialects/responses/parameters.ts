// Which parameters Responses has, what they may be, and which of them a model refuses.
import { type JsonObject, readBoolean, readInteger, refuseUnknown } from "../../kernel/body.ts";
import type { Card } from "../../kernel/catalog.ts";
import { invalidRequest, invalidType, invalidValue } from "../../kernel/errors.ts";
import { readMetadata } from "../../stored-responses/metadata.ts";
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

const KNOWN = new Set([
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

// What models that reason refuse here, as long as no card says it.
const REFUSED_BY_REASONING = ["temperature", "top_p", "top_logprobs"];

const INCLUDABLE = [
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "message.input_image.image_url",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
];

const STRINGS = ["instructions", "previous_response_id", "prompt_cache_key", "safety_identifier", "user"];
const NUMBERS = ["temperature", "top_p"];

/** Throws the 400 for the first parameter that Responses has not, that has the wrong type, or that this model refuses. */
export function checkParameters(body: JsonObject, card: Card): void {
  refuseUnknown(body, KNOWN);
  const names = card.refuses?.responses ?? (card.reasoning ? REFUSED_BY_REASONING : []);
  const refused = findRefused(body, names);
  // Recorded without a code, unlike the same error of Chat Completions.
  if (refused) throw unsupportedParameter(refused.name, "", null);
  checkTypes(body);
  for (const [index, value] of readStrings(body, "include").entries()) {
    if (!INCLUDABLE.includes(value)) throw invalidValue(`include[${index}]`, value, INCLUDABLE);
  }
  readChoice(body, "truncation", ["auto", "disabled"]);
  if (!readBoolean(body, "background", false) || readBoolean(body, "store", true)) return;
  throw invalidRequest("Background mode requires 'store' to be true.", "background");
}

/** A list of strings; absent and null are an empty list. */
export function readStrings(body: JsonObject, name: string): string[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw invalidType(name, "an array of strings", value);
  return value.map((entry: unknown, index) => {
    if (typeof entry !== "string") throw invalidType(`${name}[${index}]`, "a string", entry);
    return entry;
  });
}

/** One of these strings; absent and null are `undefined`. */
export function readChoice(
  body: JsonObject,
  name: string,
  choices: readonly string[],
  path = name,
): string | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw invalidType(path, "a string", value);
  if (!choices.includes(value)) throw invalidValue(path, value, choices);
  return value;
}

function checkTypes(body: JsonObject): void {
  checkType(body, STRINGS, "string", "a string");
  checkType(body, NUMBERS, "number", "a decimal");
  readInteger(body, "top_logprobs", 20, 0);
  readBoolean(body, "parallel_tool_calls", true);
  readMetadata(body);
}

function checkType(body: JsonObject, names: readonly string[], type: string, expected: string): void {
  for (const name of names) {
    const value = body[name] ?? undefined;
    if (value !== undefined && typeof value !== type) throw invalidType(name, expected, value);
  }
}
