// Parses and validates the body of a completions request.
import { type JsonObject, readBoolean, readInteger, readString, refuseUnknown } from "../kernel/body.ts";
import { findModel, type Model } from "../kernel/catalog.ts";
import { emptyArray, invalidRequest, invalidType } from "../kernel/errors.ts";
import { countTokens } from "../kernel/generation/tokens.ts";
import { readStreaming, type Streaming } from "../kernel/request/streaming.ts";

const PARAMETERS = new Set([
  "best_of",
  "echo",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "max_tokens",
  "model",
  "n",
  "presence_penalty",
  "prompt",
  "seed",
  "stop",
  "stream",
  "stream_options",
  "suffix",
  "temperature",
  "top_p",
  "user",
]);
const MAX_CHOICES = 128;
const MAX_CANDIDATES = 20;
const MAX_LOGPROBS = 5;
const USUAL_MAX_TOKENS = 16;
/** The prompt of a request without one. It is a single token. */
const END_OF_TEXT = "<|endoftext|>";

export interface CompletionsRequest extends Streaming {
  model: Model;
  /** The text of each prompt. Tokens become their numbers. */
  prompts: string[];
  promptTokens: number;
  choiceCount: number;
  /** The completions that are generated and billed for each prompt. */
  candidateCount: number;
  echo: boolean;
  logprobs: number | undefined;
  /** The most tokens of one candidate. */
  outputLimit: number;
}

/** Reads a body. Throws the error that OpenAI gives for its first fault. */
export function readCompletionsRequest(body: JsonObject, moment: Date): CompletionsRequest {
  refuseUnknown(body, PARAMETERS);
  const model = findModel(readString(body, "model"), moment);
  if (!model.card.endpoints.includes("completions")) {
    const message =
      "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?";
    throw invalidRequest(message, "model", null, 404);
  }
  const prompts = readPrompts(body["prompt"] ?? END_OF_TEXT);
  const suffixTokens = countTokens((body["suffix"] ?? "") === "" ? "" : readString(body, "suffix"));
  const outputLimit = readInteger(body, "max_tokens", Infinity, 0) ?? USUAL_MAX_TOKENS;
  for (const { tokens } of prompts) requireContext(model, tokens + suffixTokens, outputLimit);
  const streaming = readStreaming(body, ["include_usage", "include_obfuscation"]);
  return {
    model,
    prompts: prompts.map(({ text }) => text),
    promptTokens: prompts.reduce((sum, { tokens }) => sum + tokens + suffixTokens, 0),
    ...readCounts(body, streaming.stream),
    echo: readBoolean(body, "echo", false),
    logprobs: readInteger(body, "logprobs", MAX_LOGPROBS, 0),
    outputLimit,
    ...streaming,
  };
}

interface Prompt {
  text: string;
  tokens: number;
}

function readPrompts(prompt: unknown): Prompt[] {
  const entries: unknown[] = Array.isArray(prompt) && typeof prompt[0] !== "number" ? prompt : [prompt];
  if (entries.length === 0) throw emptyArray("prompt");
  return entries.map((entry) => {
    // An empty text is the end of a text before it.
    if (typeof entry === "string") return { text: entry, tokens: Math.max(1, countTokens(entry)) };
    const isTokens = Array.isArray(entry) && entry.length > 0 && entry.every((token) => Number.isInteger(token));
    if (isTokens) return { text: entry.join(" "), tokens: entry.length };
    throw invalidType("prompt", "a string, or an array of strings or tokens", entry);
  });
}

function readCounts(body: JsonObject, isStreamed: boolean) {
  const choiceCount = readInteger(body, "n", MAX_CHOICES) ?? 1;
  const candidateCount = readInteger(body, "best_of", MAX_CANDIDATES, 0) || choiceCount;
  if (candidateCount < choiceCount) {
    const message =
      "You requested that the server return more choices than it will generate " +
      `(HINT: You must set 'n' (currently ${choiceCount}) to be at most 'best_of' (currently ${candidateCount}), or ` +
      "omit either parameter if you don't specifically want to use them.)";
    throw invalidRequest(message, "best_of");
  }
  if (isStreamed && candidateCount > choiceCount) {
    throw invalidRequest("Results cannot be streamed when 'best_of' is greater than 'n'.", "best_of");
  }
  return { choiceCount, candidateCount };
}

function requireContext({ card }: Model, promptTokens: number, outputLimit: number): void {
  const window = card.context_window ?? Infinity;
  if (promptTokens + outputLimit <= window) return;
  const message =
    `This model's maximum context length is ${window} tokens, however you requested ${promptTokens + outputLimit} ` +
    `tokens (${promptTokens} in your prompt; ${outputLimit} for the completion). Please reduce your prompt; or ` +
    "completion length.";
  throw invalidRequest(message, null, "context_length_exceeded");
}
