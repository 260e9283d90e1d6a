// How Chat Completions answers: the pieces of a chunk and of a whole completion.

import * as v from "valibot";
import type { ErrorBody } from "../errors.ts";
import type { Finish, Piece } from "../stream/answer.ts";

/** What is not as documented is left out of the count; the caller of /v1 gets it as it came. */
const Text = v.fallback(v.nullish(v.string()), null);
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** A count that says more about another; not knowing it is the same as none. */
const Detail = v.fallback(
  v.nullish(
    v.object({
      cached_tokens: v.nullish(Count),
      cache_write_tokens: v.nullish(Count),
      reasoning_tokens: v.nullish(Count),
    }),
  ),
  null,
);

const ToolCall = v.object({
  index: v.fallback(v.nullish(v.number()), null),
  id: Text,
  function: v.nullish(v.object({ name: Text, arguments: Text })),
  custom: v.nullish(v.object({ name: Text, input: Text })),
});

/** The older form of a tool call: one, without an id. */
const FunctionCall = v.fallback(v.nullish(v.object({ name: Text, arguments: Text })), null);

const Message = v.object({
  content: Text,
  refusal: Text,
  tool_calls: v.fallback(v.nullish(v.array(ToolCall)), null),
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
  prompt_tokens_details: Detail,
  completion_tokens_details: Detail,
});

const ProviderError = v.object({
  message: v.fallback(v.string(), "The provider reported an error."),
  type: v.fallback(v.string(), "server_error"),
  param: v.fallback(v.nullable(v.string()), null),
  code: v.fallback(v.nullable(v.string()), null),
});

/** A chunk of a stream, a whole completion, or an error: the three things that this endpoint sends. */
const Body = v.object({
  choices: v.nullish(v.array(Choice)),
  /** Usage that cannot be read is none: the answer is charged by estimate, not for free. */
  usage: v.fallback(v.nullish(Usage), null),
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
  if (error) pieces.push({ kind: "error", error }, { kind: "end" });
  return pieces;
}

/** The error that a provider's JSON body holds, or undefined when it holds none. */
export function readProviderError(text: string): ErrorBody | undefined {
  try {
    return v.parse(Body, JSON.parse(text)).error ?? undefined;
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
  return {
    input: usage.prompt_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
    cacheWrite: usage.prompt_tokens_details?.cache_write_tokens ?? 0,
    output: usage.completion_tokens,
    reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
  };
}
