// A Responses request, read and checked as OpenAI does before a model sees it. Everything after this file works on the
// result; the body is kept only for what a response repeats of it.
import { isObject, type JsonObject, readBoolean, readInteger, readObjects, readString } from "./body.ts";
import { findModel, type Model } from "./catalog.ts";
import { invalidRequest, invalidType, missingParameter } from "./errors.ts";
import { reasoningTokens } from "./output-budget.ts";
import { type OutputFormat, readOutputFormat } from "./output-format.ts";
import { countPrompt, emptyPrompt } from "./prompt.ts";
import { addItems, checkCalls, type InputItem, type InputRules, readInput, readItem } from "./responses-input.ts";
import { checkParameters, readChoice, readStrings } from "./responses-parameters.ts";
import { findItem, findPrevious } from "./responses-store.ts";
import { type CallableTool, readToolChoice, readTools } from "./responses-tools.ts";
import { readServiceTier, readStreaming, type Streaming } from "./streaming.ts";
import type { ToolChoice } from "./tools.ts";

const LEAST_OUTPUT_TOKENS = 16;
const SUMMARIES = ["auto", "concise", "detailed"];

export interface ResponsesRequest extends Streaming {
  body: JsonObject;
  model: Model;
  /** The whole conversation, earlier turns included. */
  items: InputItem[];
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
  const items = readConversation(body, model);
  checkCalls(items);
  const { callable, searchesWeb } = readTools(body);
  const promptTokens = countInput(body, items);
  const { max_output_tokens: most = Infinity, context_window: window = Infinity } = model.card;
  if (promptTokens > (model.card.max_input_tokens ?? window) && body["truncation"] !== "auto") {
    const message = "Your input exceeds the context window of this model. Please adjust your input and try again.";
    throw invalidRequest(message, "input", "context_length_exceeded");
  }
  const limit = readInteger(body, "max_output_tokens", most, LEAST_OUTPUT_TOKENS) ?? most;
  return {
    body,
    model,
    items,
    tools: callable,
    toolChoice: readToolChoice(body, { callable, searchesWeb }),
    searchesWeb,
    mostToolCalls: readInteger(body, "max_tool_calls") ?? Infinity,
    format: readFormat(body, items),
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

/** The earlier turns that a body continues, and its own input. */
export function readConversation(body: JsonObject, model: Model): InputItem[] {
  refuseStored(body, "conversation");
  refuseStored(body, "prompt");
  const previousId = body["previous_response_id"] ?? undefined;
  if (previousId === undefined && (body["input"] ?? undefined) === undefined) throw missingParameter("input");
  const rules: InputRules = { acceptsImages: model.card.modalities.input.includes("image"), findItem };
  const previous = typeof previousId === "string" ? findPrevious(previousId) : undefined;
  const said = previous?.output.map((item, index) => readItem(item, `output[${index}]`, rules)) ?? [];
  return [...(previous?.items ?? []), ...said, ...readInput(body, rules)];
}

/** The emulation keeps no conversations and no prompts. */
function refuseStored(body: JsonObject, name: "conversation" | "prompt"): void {
  const value = body[name] ?? undefined;
  if (value === undefined) return;
  const id = isObject(value) ? value["id"] : value;
  const noun = name === "prompt" ? "Prompt" : "Conversation";
  throw invalidRequest(`${noun} with id ${JSON.stringify(id)} not found.`, name, null, 404);
}

/** The input tokens of a body with that conversation. */
export function countInput(body: JsonObject, items: InputItem[]): number {
  const prompt = emptyPrompt();
  if (typeof body["instructions"] === "string") {
    prompt.texts.push(body["instructions"]);
    prompt.entries++;
  }
  addItems(prompt, items);
  prompt.tools = readObjects(body, "tools");
  prompt.format = isObject(body["text"]) ? body["text"]["format"] : undefined;
  return countPrompt(prompt);
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
