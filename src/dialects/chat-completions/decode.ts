// How Chat Completions answers: the pieces of a chunk and of a whole completion.

import * as v from "valibot";
import type { ErrorBody } from "../../core/errors.ts";
import type { Finish, Piece } from "../../core/relay/answer.ts";
import { textsIn } from "../openai/subject.ts";
import { Count, Details, orNothing, ProviderError, Text, toErrorBody, usageOf } from "../openai/answer-fields.ts";

const ToolCall = v.object({
  index: orNothing(v.number()),
  id: Text,
  function: v.nullish(v.object({ name: Text, arguments: Text })),
  custom: v.nullish(v.object({ name: Text, input: Text })),
});

/** The older form of a tool call: one, without an id. */
const FunctionCall = orNothing(v.object({ name: Text, arguments: Text }));

const Message = v.object({
  content: Text,
  refusal: Text,
  tool_calls: orNothing(v.array(ToolCall)),
  function_call: FunctionCall,
});

const Choice = v.object({
  delta: v.nullish(Message),
  message: v.nullish(Message),
  finish_reason: v.nullish(v.string()),
});

const Usage = v.object({
  prompt_tokens: Count,
  completion_tokens: Count,
  prompt_tokens_details: Details,
  completion_tokens_details: Details,
});

/** A chunk of a stream, a whole completion, or an error: the three things that this endpoint sends. */
const Body = v.object({
  choices: v.nullish(v.array(Choice)),
  /** Usage that cannot be read is none: the answer is charged by estimate, not for free. */
  usage: orNothing(Usage),
  error: v.nullish(ProviderError),
});

const FINISHES = new Map<string, Finish>([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool_calls"],
  ["function_call", "tool_calls"],
  ["content_filter", "content_filter"],
]);

/** The pieces of one event's data, in order. Throws when it is not JSON of this endpoint. */
export function readChatEvent(data: string): Piece[] {
  return data === "[DONE]" ? [{ kind: "end" }] : readChatBody(data);
}

/** The pieces of a whole completion or of one chunk, given as JSON text. Throws when it is neither. */
export function readChatBody(text: string): Piece[] {
  const { choices, usage, error } = v.parse(Body, JSON.parse(text));
  const pieces: Piece[] = [];
  for (const choice of choices ?? []) {
    const message = choice.delta ?? choice.message;
    if (message?.content) pieces.push({ kind: "text", text: message.content });
    if (message?.refusal) {
      pieces.push({ kind: "text", text: message.refusal }, { kind: "finish", finish: "refusal" });
    }
    if (message?.function_call) pieces.push(toToolPiece({ function: message.function_call }, 0));
    for (const [position, call] of (message?.tool_calls ?? []).entries()) pieces.push(toToolPiece(call, position));
    if (choice.finish_reason) pieces.push({ kind: "finish", finish: FINISHES.get(choice.finish_reason) ?? "stop" });
  }
  if (usage) pieces.push({ kind: "usage", usage: toUsage(usage), alone: !choices || choices.length === 0 });
  if (error) pieces.push({ kind: "error", error: toErrorBody(error) }, { kind: "end" });
  return pieces;
}

/** All that one event's data, or a whole completion, says in its choices, whether it is understood or not. */
export function chatWords(text: string): string {
  if (text === "[DONE]") return "";
  const { choices } = JSON.parse(text) as { choices?: object[] | null };
  // Tokens between the words would hide these from who judges them.
  return (choices ?? []).flatMap((choice) => textsIn({ ...choice, logprobs: null })).join("");
}

/** The error that a provider's JSON body holds, or undefined when it holds none. */
export function readProviderError(text: string): ErrorBody | undefined {
  try {
    const { error } = v.parse(Body, JSON.parse(text));
    return error ? toErrorBody(error) : undefined;
  } catch {
    return undefined;
  }
}

function toToolPiece(call: Partial<v.InferOutput<typeof ToolCall>>, position: number): Piece {
  const name = call.function?.name ?? call.custom?.name;
  return {
    kind: "tool",
    index: call.index ?? position,
    ...(call.id ? { id: call.id } : {}),
    ...(name ? { name } : {}),
    arguments: call.function?.arguments ?? call.custom?.input ?? "",
  };
}

function toUsage(usage: v.InferOutput<typeof Usage>) {
  const { prompt_tokens_details: input, completion_tokens_details: output } = usage;
  return usageOf(usage.prompt_tokens, input, usage.completion_tokens, output);
}
