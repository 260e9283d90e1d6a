// A Responses request, read and checked as OpenAI does before a model sees it. Everything after this file works on the
// result; the body is kept only for what a response repeats of it.
import { isObject, type JsonObject, readBoolean, readInteger, readString } from "../../kernel/body.ts";
import { findModel, type Model } from "../../kernel/catalog.ts";
import { invalidRequest, invalidType } from "../../kernel/errors.ts";
import { reasoningTokens } from "../../kernel/request/output-budget.ts";
import { type OutputFormat, readOutputFormat } from "../../kernel/request/output-format.ts";
import { type Context, countContext, readContext } from "./context.ts";
import { checkCalls, type InputItem } from "./input.ts";
import { checkParameters, readChoice, readStrings } from "./parameters.ts";
import { type CallableTool, readToolChoice, readTools } from "./tools.ts";
import { readServiceTier, readStreaming, type Streaming } from "../../kernel/request/streaming.ts";
import type { ToolChoice } from "../../kernel/request/tools.ts";

const LEAST_OUTPUT_TOKENS = 16;
const SUMMARIES = ["auto", "concise", "detailed"];

export interface ResponsesRequest extends Streaming, Context {
  body: JsonObject;
  model: Model;
  tools: CallableTool[];
  toolChoice: ToolChoice;
  searchesWeb: boolean;
  mostToolCalls: number;
  format: OutputFormat;
  background: boolean;
  store: boolean;
  serviceTier: string;
  promptTokens: number;
  reasoningTokens: number;
  summarizes: boolean;
  encryptsReasoning: boolean;
  /** The most output tokens, reasoning included. */
  outputLimit: number;
}

/** Reads a body at that moment. Throws the error that OpenAI gives for what is wrong with it. */
export function readResponsesRequest(body: JsonObject, moment: Date): ResponsesRequest {
  const model = findResponsesModel(body, moment);
  checkParameters(body, model.card);
  const context = readContext(body, model);
  checkCalls(context.items);
  const { callable, searchesWeb } = readTools(body);
  const promptTokens = countContext(body, context);
  const { max_output_tokens: most = Infinity, context_window: window = Infinity } = model.card;
  if (promptTokens > (model.card.max_input_tokens ?? window) && body["truncation"] !== "auto") {
    const message = "Your input exceeds the context window of this model. Please adjust your input and try again.";
    throw invalidRequest(message, "input", "context_length_exceeded");
  }
  const limit = readInteger(body, "max_output_tokens", most, LEAST_OUTPUT_TOKENS) ?? most;
  return {
    body,
    model,
    ...context,
    tools: callable,
    toolChoice: readToolChoice(body, { callable, searchesWeb }),
    searchesWeb,
    mostToolCalls: readInteger(body, "max_tool_calls") ?? Infinity,
    format: readFormat(body, context.items),
    ...readStreaming(body, ["include_obfuscation"]),
    background: readBoolean(body, "background", false),
    store: readBoolean(body, "store", true),
    serviceTier: readServiceTier(body),
    promptTokens,
    ...readReasoning(body, model),
    encryptsReasoning: readStrings(body, "include").includes("reasoning.encrypted_content"),
    outputLimit: Math.max(Math.min(limit, window - promptTokens), 0),
  };
}

/** The model of a body, if Responses has it. */
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
  const summary = ["summary", "generate_summary"].map((name) =>
    readChoice(reasoning, name, SUMMARIES, `reasoning.${name}`),
  );
  return {
    reasoningTokens: reasoningTokens(model.card, effort, "reasoning.effort"),
    summarizes: summary.some((choice) => choice !== undefined),
  };
}

function readFormat(body: JsonObject, items: InputItem[]): OutputFormat {
  const text = body["text"] ?? {};
  if (!isObject(text)) throw invalidType("text", "an object", text);
  readChoice(text, "verbosity", ["low", "medium", "high"], "text.verbosity");
  const format = readOutputFormat(text["format"], "text.format");
  const isAsked = items.some((item) => /json/i.test(item.text ?? ""));
  if (format.type !== "json_object" || isAsked) return format;
  const message =
    "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
  throw invalidRequest(message, "input");
}
