// The decoder of Chat Completions: the chunks of a stream, and whole completions.

import * as v from "valibot";
import type { Piece } from "../../core/relay/answer.ts";
import type { Dialect } from "../../core/relay/dialect.ts";
import { AnswerContent, NullableText, orNull, ToolArguments, toTextPieces } from "../openai/answer-fields.ts";
import { createChoicesDialect } from "../openai/choices.ts";

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

/** The Chat Completions dialect. Decoding throws when the JSON is invalid or does not match the schema. */
export const chatDialect: Dialect = createChoicesDialect(Choice, ({ delta, message }) => {
  const { content = [], refusal, tool_calls: calls, function_call: call } = delta ?? message ?? {};
  const pieces = content.flatMap(toTextPieces);
  if (refusal) pieces.push(...toTextPieces({ text: refusal, isRefusal: true }));
  if (call) pieces.push(toToolPiece({ function: call }, 0));
  for (const [position, each] of (calls ?? []).entries()) pieces.push(toToolPiece(each, position));
  return pieces;
});

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
