// The response object in each state. It repeats many fields of the request.
import { isObject, type JsonObject } from "../../kernel/body.ts";
import { SERVER_ERROR } from "../../kernel/faults.ts";
import { createId } from "../../kernel/ids.ts";
import type { GeneratedAnswer } from "./answer.ts";
import type { ResponsesRequest } from "./request.ts";
import { repeatTools } from "./tools.ts";

export interface ResponsesUsage {
  input_tokens: number;
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number };
  output_tokens: number;
  output_tokens_details: { reasoning_tokens: number };
  total_tokens: number;
}

/** A response that runs. The later states only replace fields of it. */
export interface OpenedResponse {
  id: string;
  createdAt: number;
  fields: JsonObject;
  serviceTier: string;
}

/** The error of a failed response. */
const RESPONSE_ERROR = { code: SERVER_ERROR.type, message: SERVER_ERROR.message };

/** Creates the response object of a request, with the status `in_progress`. */
export function openResponse(request: ResponsesRequest, moment: Date): OpenedResponse {
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
    background: body["background"] ?? false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: body["instructions"] ?? null,
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
    store: body["store"] ?? true,
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
    ...request.state.fields,
  };
  return { id, createdAt, fields, serviceTier: request.serviceTier };
}

/** The response at its end, either `completed` or `incomplete` because of the output limit. */
export function finishedResponse(
  { fields, createdAt, serviceTier }: OpenedResponse,
  answer: GeneratedAnswer,
  output: JsonObject[],
  usage: ResponsesUsage | null,
): JsonObject {
  const ending = answer.cut
    ? { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }
    : { status: "completed", completed_at: createdAt };
  return { ...fields, ...ending, output, service_tier: serviceTier, usage };
}

/** The response after an error. */
export function failedResponse({ fields, serviceTier }: OpenedResponse, usage: ResponsesUsage | null): JsonObject {
  return { ...fields, status: "failed", error: RESPONSE_ERROR, service_tier: serviceTier, usage };
}

/** The usage of a response with that many visible tokens. */
export function toResponsesUsage(
  request: ResponsesRequest,
  answer: GeneratedAnswer,
  visibleTokens: number,
): ResponsesUsage {
  const output = answer.reasoning + visibleTokens;
  return {
    input_tokens: request.promptTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: answer.reasoning },
    total_tokens: request.promptTokens + output,
  };
}
