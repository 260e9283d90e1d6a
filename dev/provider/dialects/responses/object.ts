// The response object in each of its states, with every field that OpenAI repeats of the request.
import { isObject, type JsonObject } from "../../kernel/body.ts";
import { createId } from "../../kernel/ids.ts";
import { SERVER_ERROR } from "../../kernel/faults.ts";
import type { ResponseAnswer } from "./answer.ts";
import type { ResponsesRequest } from "./request.ts";
import { repeatTools } from "./tools.ts";

export interface Usage {
  input_tokens: number;
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number };
  output_tokens: number;
  output_tokens_details: { reasoning_tokens: number };
  total_tokens: number;
}

/** What a response is from its first event to its last: the states only add to it. */
export interface Opened {
  id: string;
  createdAt: number;
  fields: JsonObject;
  serviceTier: string;
}

/** The error of a response that breaks. */
export const RESPONSE_ERROR = { code: SERVER_ERROR.type, message: SERVER_ERROR.message };

/** A response at that moment, before anything was said. */
export function openResponse(request: ResponsesRequest, moment: Date): Opened {
  const { body, model } = request;
  const reasoning = isObject(body["reasoning"]) ? body["reasoning"] : {};
  const text = isObject(body["text"]) ? body["text"] : {};
  const id = createId("resp_", 32);
  const createdAt = Math.floor(moment.getTime() / 1000);
  const fields = {
    id,
    object: "response",
    created_at: createdAt,
    status: "in_progress",
    background: request.background,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: body["prompt"] ? request.instructions.map(toDeveloperMessage) : (body["instructions"] ?? null),
    max_output_tokens: body["max_output_tokens"] ?? null,
    max_tool_calls: body["max_tool_calls"] ?? null,
    model: model.snapshotId,
    output: [],
    parallel_tool_calls: body["parallel_tool_calls"] ?? true,
    previous_response_id: body["previous_response_id"] ?? null,
    prompt_cache_key: body["prompt_cache_key"] ?? null,
    reasoning: {
      effort: reasoning["effort"] ?? (model.card.reasoning ? "medium" : null),
      summary: reasoning["summary"] ?? reasoning["generate_summary"] ?? null,
    },
    safety_identifier: body["safety_identifier"] ?? null,
    service_tier: body["service_tier"] ?? "auto",
    store: request.store,
    temperature: body["temperature"] ?? 1,
    text: { format: text["format"] ?? { type: "text" }, verbosity: text["verbosity"] ?? "medium" },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: repeatTools(body),
    top_logprobs: body["top_logprobs"] ?? 0,
    top_p: body["top_p"] ?? 1,
    truncation: body["truncation"] ?? "disabled",
    usage: null,
    user: body["user"] ?? null,
    metadata: body["metadata"] ?? {},
    // The recorded responses that had neither are without these fields.
    ...(isObject(body["prompt"]) && { prompt: body["prompt"] }),
    ...(request.conversation && { conversation: { id: request.conversation.id } }),
  };
  return { id, createdAt, fields, serviceTier: request.serviceTier };
}

/** The response while it waits or runs. */
export function runningResponse({ fields }: Opened, status: "queued" | "in_progress" | "cancelled"): JsonObject {
  return { ...fields, status };
}

/** The response when all was said, or as much as the output limit allows. */
export function finishedResponse(
  { fields, createdAt, serviceTier }: Opened,
  answer: ResponseAnswer,
  output: JsonObject[],
  usage: Usage | null,
): JsonObject {
  const ending = answer.cut
    ? { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }
    : { status: "completed", completed_at: createdAt };
  return { ...fields, ...ending, output, service_tier: serviceTier, usage };
}

/** The response after an error. */
export function failedResponse({ fields, serviceTier }: Opened, usage: Usage | null): JsonObject {
  return { ...fields, status: "failed", error: RESPONSE_ERROR, service_tier: serviceTier, usage };
}

/** What a response costs that has said that many visible tokens. */
export function toUsage(request: ResponsesRequest, answer: ResponseAnswer, visibleTokens: number): Usage {
  const output = answer.reasoning + visibleTokens;
  return {
    input_tokens: request.promptTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: answer.reasoning },
    total_tokens: request.promptTokens + output,
  };
}

/** Instructions are repeated as they came, but as messages where a prompt has brought some. */
function toDeveloperMessage(text: string): JsonObject {
  return { type: "message", role: "developer", content: [{ type: "input_text", text }] };
}
