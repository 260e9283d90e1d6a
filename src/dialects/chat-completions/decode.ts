// The decoder of Chat Completions: the chunks of a stream, and whole completions.

import * as v from "valibot";
import { ProviderErrorBody, providerErrorIn, toErrorBody } from "../../core/gateway/provider-error-body.ts";
import type { Piece } from "../../core/relay/answer.ts";
import type { Decoded, Dialect } from "../../core/relay/dialect.ts";
import { textsIn } from "../openai/texts.ts";
import {
  AnswerContent,
  NullableText,
  orNull,
  ReportedTokens,
  ToolArguments,
  toTextPieces,
  toTokenUsage,
  UsageDetails,
} from "../openai/answer-fields.ts";
import { toFinishPiece } from "./finish.ts";

const ToolCall = v.object({
  index: orNull(v.number()),
  id: NullableText,
  function: v.nullish(v.object({ name: NullableText, arguments: ToolArguments })),
  custom: v.nullish(v.object({ name: NullableText, input: ToolArguments })),
});

/** The deprecated form of a tool call: a single call without an id. */
const FunctionCall = orNull(v.object({ name: NullableText, arguments: ToolArguments }));

const Message = v.object({
  content: AnswerContent,
  refusal: NullableText,
  tool_calls: orNull(v.array(ToolCall)),
  function_call: FunctionCall,
});

const Choice = v.object({
  delta: v.nullish(Message),
  message: v.nullish(Message),
  finish_reason: v.nullish(v.string()),
});

const Usage = v.object({
  prompt_tokens: v.nullish(ReportedTokens),
  completion_tokens: v.nullish(ReportedTokens),
  total_tokens: v.nullish(ReportedTokens),
  prompt_tokens_details: UsageDetails,
  completion_tokens_details: UsageDetails,
});

/** A chunk of a stream, a whole completion, or an error. */
const Body = v.object({
  choices: v.nullish(v.array(Choice)),
  /** Invalid usage counts as absent, so that the answer is charged by estimate and not free. */
  usage: orNull(Usage),
  error: v.nullish(ProviderErrorBody),
});

/** The Chat Completions dialect. Decoding throws when the JSON is invalid or does not match the schema. */
export const chatDialect: Dialect = {
  decode: (data) => (data === "[DONE]" ? END : decodeBody(data)),
  decodeWhole: decodeBody,
  allText(json) {
    const { choices } = (json ?? {}) as { choices?: object[] | null };
    // Log probabilities repeat the tokens. Mixed into the text they would hide it from the classifier.
    return (choices ?? []).flatMap((choice) => textsIn({ ...choice, logprobs: null })).join("");
  },
};

const END: Decoded = { pieces: [{ kind: "end" }], json: undefined };

function decodeBody(text: string): Decoded {
  const json: unknown = JSON.parse(text);
  const { choices, usage, error } = v.parse(Body, json);
  const pieces: Piece[] = [];
  for (const choice of choices ?? []) {
    const message = choice.delta ?? choice.message;
    for (const part of message?.content ?? []) pieces.push(...toTextPieces(part));
    if (message?.refusal) pieces.push(...toTextPieces({ text: message.refusal, isRefusal: true }));
    if (message?.function_call) pieces.push(toToolPiece({ function: message.function_call }, 0));
    for (const [position, call] of (message?.tool_calls ?? []).entries()) pieces.push(toToolPiece(call, position));
    if (choice.finish_reason) pieces.push(toFinishPiece(choice.finish_reason));
  }
  const counted = usage && toUsage(usage);
  if (counted) pieces.push({ kind: "usage", usage: counted, alone: !choices || choices.length === 0 });
  // Some servers write the fields of an error without an envelope.
  const failure = error ? toErrorBody(error) : choices || usage ? undefined : providerErrorIn(json);
  if (failure) pieces.push({ kind: "error", error: failure }, { kind: "end" });
  return { pieces, json };
}

function toToolPiece(call: Partial<v.InferOutput<typeof ToolCall>>, position: number): Piece {
  const name = call.function?.name ?? call.custom?.name;
  return {
    kind: "tool",
    index: call.index ?? position,
    ...(call.id ? { id: call.id } : {}),
    ...(name ? { name } : {}),
    arguments: call.function?.arguments || call.custom?.input || "",
  };
}

function toUsage(usage: v.InferOutput<typeof Usage>) {
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage;
  return toTokenUsage({ input, output, total }, usage.prompt_tokens_details, usage.completion_tokens_details);
}
