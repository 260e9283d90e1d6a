// Parses and validates the body of a chat request. All other files use the result.
import { type JsonObject, readInteger, readObjects, readString } from "../../kernel/body.ts";
import { findModel, type Model } from "../../kernel/catalog.ts";
import { invalidRequest, invalidType } from "../../kernel/errors.ts";
import { reasoningTokens } from "../../kernel/request/output-budget.ts";
import { type OutputFormat, readOutputFormat } from "../../kernel/request/output-format.ts";
import { countPrompt, emptyPrompt } from "../../kernel/request/prompt.ts";
import { readServiceTier, readStreaming, type Streaming } from "../../kernel/request/streaming.ts";
import type { FunctionTool, ToolChoice } from "../../kernel/request/tools.ts";
import { addMessages, type ChatMessage, readMessages } from "./messages.ts";
import { checkChatParameters } from "./parameters.ts";
import { readChatToolChoice, readChatTools } from "./tools.ts";

const MAX_CHOICES = 128;

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
  /** The most tokens of one choice, including reasoning. */
  outputLimit: number;
}

/** Reads a body. Throws the error that OpenAI gives for its first fault. */
export function readChatRequest(body: JsonObject, moment: Date): ChatRequest {
  const model = findModel(readString(body, "model"), moment);
  if (!model.card.endpoints.includes("chat_completions")) {
    const message =
      "This is not a chat model and thus not supported in the v1/chat/completions endpoint. " +
      "Did you mean to use v1/completions?";
    throw invalidRequest(message, "model", null, 404);
  }
  checkChatParameters(body, model.card);
  const messages = readMessages(body, model.card.modalities.input.includes("image"));
  const tools = readChatTools(body);
  const effort = body["reasoning_effort"] ?? undefined;
  if (effort !== undefined && typeof effort !== "string") throw invalidType("reasoning_effort", "a string", effort);
  const promptTokens = countChatPrompt(body, messages, model);
  return {
    model,
    messages,
    tools,
    toolChoice: readChatToolChoice(body, tools),
    format: readFormat(body, messages),
    ...readStreaming(body, ["include_usage", "include_obfuscation"]),
    choiceCount: readInteger(body, "n", MAX_CHOICES) ?? 1,
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
  const mentionsJson = messages.some((message) => /json/i.test(message.text ?? ""));
  if (format.type !== "json_object" || mentionsJson) return format;
  const message =
    "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
  throw invalidRequest(message, "messages");
}
