// Parses and validates the body of a Responses request. All other files use the result.
// The body itself is kept for the fields that the response repeats.
import { isObject, type JsonObject, readInteger, readString } from "../../kernel/body.ts";
import { findModel, type Model } from "../../kernel/catalog.ts";
import { invalidRequest, invalidType } from "../../kernel/errors.ts";
import { reasoningTokens } from "../../kernel/request/output-budget.ts";
import { type OutputFormat, readOutputFormat } from "../../kernel/request/output-format.ts";
import { readServiceTier, readStreaming, type Streaming } from "../../kernel/request/streaming.ts";
import type { ToolChoice } from "../../kernel/request/tools.ts";
import type { HostedTools, ResponsesState } from "../../kernel/responses-hooks.ts";
import type { CountFile } from "../../kernel/uploaded-files.ts";
import { countContext, readContext, type ResponsesContext } from "./context.ts";
import { checkItemCalls, type InputItem } from "./input.ts";
import { checkResponsesParameters } from "./parameters.ts";
import { type OfferedTools, readResponsesToolChoice, readTools } from "./tools.ts";

const MIN_OUTPUT_TOKENS = 16;

export interface ResponsesRequest extends Streaming, ResponsesContext {
  body: JsonObject;
  model: Model;
  state: ResponsesState;
  tools: OfferedTools;
  toolChoice: ToolChoice;
  maxToolCalls: number;
  format: OutputFormat;
  serviceTier: string;
  promptTokens: number;
  reasoningTokens: number;
  /** The response has a summary of its reasoning. */
  summarizes: boolean;
  encryptsReasoning: boolean;
  /** The most output tokens, including reasoning. */
  outputLimit: number;
}

interface RequestHooks {
  hostedTools: readonly HostedTools[];
  openState: (body: JsonObject) => ResponsesState;
  countFile: CountFile;
}

/** Reads a body. Throws the error that OpenAI gives for its first fault. */
export function readResponsesRequest(body: JsonObject, moment: Date, hooks: RequestHooks): ResponsesRequest {
  const model = findResponsesModel(body, moment);
  checkResponsesParameters(body, model.card);
  const state = hooks.openState(body);
  const context = readContext(body, model, state, hooks.countFile);
  checkItemCalls(context.items);
  const tools = readTools(body, hooks.hostedTools);
  const promptTokens = countContext(body, context);
  const { max_output_tokens: most = Infinity, context_window: window = Infinity } = model.card;
  if (promptTokens > (model.card.max_input_tokens ?? window) && body["truncation"] !== "auto") {
    const message = "Your input exceeds the context window of this model. Please adjust your input and try again.";
    throw invalidRequest(message, "input", "context_length_exceeded");
  }
  const limit = readInteger(body, "max_output_tokens", most, MIN_OUTPUT_TOKENS) ?? most;
  const include = Array.isArray(body["include"]) ? body["include"] : [];
  return {
    body,
    model,
    state,
    ...context,
    tools,
    toolChoice: readResponsesToolChoice(body, tools),
    maxToolCalls: readInteger(body, "max_tool_calls") ?? Infinity,
    format: readFormat(body, context.items),
    ...readStreaming(body, ["include_obfuscation"]),
    serviceTier: readServiceTier(body),
    promptTokens,
    ...readReasoning(body, model),
    encryptsReasoning: include.includes("reasoning.encrypted_content"),
    outputLimit: Math.max(Math.min(limit, window - promptTokens), 0),
  };
}

/** Finds the model of a body. Throws a 400 when the model does not serve this dialect. */
export function findResponsesModel(body: JsonObject, moment: Date): Model {
  const model = findModel(readString(body, "model"), moment);
  if (model.card.endpoints.includes("responses")) return model;
  throw invalidRequest(`The model \`${model.name}\` is not supported with the Responses API.`, "model");
}

function readReasoning(body: JsonObject, model: Model) {
  const reasoning = body["reasoning"] ?? {};
  if (!isObject(reasoning)) throw invalidType("reasoning", "an object", reasoning);
  const effort = reasoning["effort"] ?? undefined;
  if (effort !== undefined && typeof effort !== "string") throw invalidType("reasoning.effort", "a string", effort);
  return {
    reasoningTokens: reasoningTokens(model.card, effort, "reasoning.effort"),
    summarizes: Boolean(reasoning["summary"] ?? reasoning["generate_summary"]),
  };
}

function readFormat(body: JsonObject, items: InputItem[]): OutputFormat {
  const text = body["text"] ?? {};
  if (!isObject(text)) throw invalidType("text", "an object", text);
  const format = readOutputFormat(text["format"], "text.format");
  const mentionsJson = items.some((item) => /json/i.test(item.text ?? ""));
  if (format.type !== "json_object" || mentionsJson) return format;
  const message =
    "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
  throw invalidRequest(message, "input");
}
