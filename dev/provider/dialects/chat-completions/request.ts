// A chat request, read and checked as OpenAI does before a model sees it. Everything after this file works on the
// result and not on the body.
import { type JsonObject, readInteger, readObjects, readString } from "../../kernel/body.ts";
import { findModel, type Model } from "../../kernel/catalog.ts";
import { addMessages, type ChatMessage, readMessages } from "./messages.ts";
import { checkParameters } from "./parameters.ts";
import { invalidRequest, invalidType } from "../../kernel/errors.ts";
import { reasoningTokens } from "../../kernel/request/output-budget.ts";
import { type OutputFormat, readOutputFormat } from "../../kernel/request/output-format.ts";
import { countPrompt, emptyPrompt } from "../../kernel/request/prompt.ts";
import { readServiceTier, readStreaming, type Streaming } from "../../kernel/request/streaming.ts";
import { type FunctionTool, readChatTools, readToolChoice, type ToolChoice } from "../../kernel/request/tools.ts";

const MOST_CHOICES = 128;

export interface ChatRequest extends Streaming {
  model: Model;
  messages: ChatMessage[];
  tools: FunctionTool[];
  toolChoice: ToolChoice;
  format: OutputFormat;
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
  return {
    model,
    messages,
    tools,
    toolChoice: readToolChoice(body, tools),
    format: readFormat(body, messages),
    ...readStreaming(body, ["include_usage", "include_obfuscation"]),
    choiceCount: readInteger(body, "n", MOST_CHOICES) ?? 1,
    serviceTier: readServiceTier(body),
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

function readFormat(body: JsonObject, messages: ChatMessage[]): OutputFormat {
  const format = readOutputFormat(body["response_format"], "response_format", "json_schema");
  const isAsked = messages.some((message) => /json/i.test(message.text ?? ""));
  if (format.type !== "json_object" || isAsked) return format;
  const message =
    "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
  throw invalidRequest(message, "messages");
}
