// A chat request, read and checked as OpenAI does before a model sees it. Everything after this file works on the
// result and not on the body.
import { isObject, type JsonObject, readBoolean, readInteger, readObjects, readString, refuseUnknown } from "./body.ts";
import { findModel, type Model } from "./catalog.ts";
import { addMessages, type ChatMessage, readMessages } from "./chat-messages.ts";
import { checkParameters } from "./chat-parameters.ts";
import { invalidRequest, invalidType, invalidValue } from "./errors.ts";
import { reasoningTokens } from "./output-budget.ts";
import { countPrompt, emptyPrompt } from "./prompt.ts";
import { type FunctionTool, readChatTools, readToolChoice, type ToolChoice } from "./tools.ts";

const MOST_CHOICES = 128;

export interface ChatRequest {
  model: Model;
  messages: ChatMessage[];
  tools: FunctionTool[];
  toolChoice: ToolChoice;
  format: { type: "text" | "json_object" } | { type: "json_schema"; schema: unknown };
  stream: boolean;
  includeUsage: boolean;
  obfuscated: boolean;
  choiceCount: number;
  serviceTier: string;
  promptTokens: number;
  reasoningTokens: number;
  /** The most tokens of one choice, reasoning included. */
  outputLimit: number;
}

/** Reads a chat body at that moment. Throws the error that OpenAI gives for what is wrong with it. */
export function readChatRequest(body: JsonObject, moment: Date): ChatRequest {
  const model = findModel(readString(body, "model"), moment);
  if (!model.card.endpoints.includes("chat_completions")) {
    const message =
      "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?";
    throw invalidRequest(message, "model", null, 404);
  }
  checkParameters(body, model.card);
  const messages = readMessages(body, model.card.modalities.input.includes("image"));
  const tools = readChatTools(body);
  const effort = body["reasoning_effort"] ?? undefined;
  if (effort !== undefined && typeof effort !== "string") throw invalidType("reasoning_effort", "a string", effort);
  const promptTokens = countChatPrompt(body, messages, model);
  const tier = body["service_tier"] ?? "auto";
  return {
    model,
    messages,
    tools,
    toolChoice: readToolChoice(body, tools),
    format: readFormat(body, messages),
    ...readStreaming(body),
    choiceCount: readInteger(body, "n", MOST_CHOICES) ?? 1,
    serviceTier: typeof tier !== "string" || tier === "auto" ? "default" : tier,
    promptTokens,
    reasoningTokens: reasoningTokens(model.card, effort),
    outputLimit: readOutputLimit(body, model, promptTokens),
  };
}

function countChatPrompt(body: JsonObject, messages: ChatMessage[], model: Model): number {
  const prompt = emptyPrompt();
  addMessages(prompt, messages);
  prompt.tools = readObjects(body, "tools");
  prompt.format = body["response_format"];
  const count = countPrompt(prompt);
  const most = model.card.max_input_tokens ?? model.card.context_window ?? Infinity;
  if (count <= most) return count;
  const message =
    `This model's maximum context length is ${most} tokens. However, your messages resulted in ${count} tokens. ` +
    "Please reduce the length of the messages.";
  throw invalidRequest(message, "messages", "context_length_exceeded");
}

function readOutputLimit(body: JsonObject, model: Model, promptTokens: number): number {
  const { max_output_tokens: most = Infinity, context_window: window = Infinity } = model.card;
  const name = (body["max_completion_tokens"] ?? undefined) === undefined ? "max_tokens" : "max_completion_tokens";
  const asked = readInteger(body, name) ?? most;
  if (asked <= most) return Math.min(asked, window - promptTokens);
  const message =
    `${name} is too large: ${asked}. This model supports at most ${most} completion tokens, whereas you provided ` +
    `${asked}.`;
  throw invalidRequest(message, name, "invalid_value");
}

function readStreaming(body: JsonObject): Pick<ChatRequest, "stream" | "includeUsage" | "obfuscated"> {
  const stream = readBoolean(body, "stream", false);
  const options = body["stream_options"] ?? {};
  if (!isObject(options)) throw invalidType("stream_options", "an object", options);
  if (!stream && isObject(body["stream_options"])) {
    throw invalidRequest("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  }
  refuseUnknown(options, new Set(["include_usage", "include_obfuscation"]), "stream_options.");
  return {
    stream,
    includeUsage: readBoolean(options, "include_usage", false, "stream_options.include_usage"),
    obfuscated: readBoolean(options, "include_obfuscation", true, "stream_options.include_obfuscation"),
  };
}

function readFormat(body: JsonObject, messages: ChatMessage[]): ChatRequest["format"] {
  const format = body["response_format"] ?? { type: "text" };
  if (!isObject(format)) throw invalidType("response_format", "an object", format);
  const type = readString(format, "type", "response_format.type");
  if (type === "text") return { type };
  if (type === "json_object") {
    if (messages.some((message) => /json/i.test(message.text ?? ""))) return { type };
    const message =
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
    throw invalidRequest(message, "messages");
  }
  if (type !== "json_schema") throw invalidValue("response_format.type", type, ["json_object", "json_schema", "text"]);
  const wanted = isObject(format["json_schema"]) ? format["json_schema"] : {};
  readString(wanted, "name", "response_format.json_schema.name");
  return { type, schema: wanted["schema"] };
}
