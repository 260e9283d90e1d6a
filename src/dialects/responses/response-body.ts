// The schema of a Responses object, and the conversion of its items, end and usage to pieces.

import * as v from "valibot";
import { InternalError } from "../../core/errors.ts";
import { ProviderErrorBody, toErrorBody } from "../../core/gateway/provider-error-body.ts";
import type { Finish, Piece, Usage } from "../../core/relay/answer.ts";
import {
  AnswerContent,
  NullableText,
  orNull,
  ReportedTokens,
  ToolArguments,
  toTextPieces,
  toTokenUsage,
  UsageDetails,
  usageFieldOf,
} from "../openai/answer-fields.ts";

const UsageBody = v.object({
  input_tokens: v.nullish(ReportedTokens),
  output_tokens: v.nullish(ReportedTokens),
  total_tokens: v.nullish(ReportedTokens),
  input_tokens_details: UsageDetails,
  output_tokens_details: UsageDetails,
});

/** An output item. Custom tools have `input` as text; functions have `arguments` as JSON text. */
export const OutputItem = v.looseObject({
  type: v.string(),
  call_id: NullableText,
  name: NullableText,
  arguments: ToolArguments,
  input: ToolArguments,
  content: AnswerContent,
  summary: orNull(v.array(v.object({ text: NullableText }))),
});
export type OutputItem = v.InferOutput<typeof OutputItem>;

export const ResponseBody = v.object({
  status: v.string(),
  output: v.fallback(v.array(OutputItem), []),
  /** Invalid usage counts as absent, so that the answer is charged by estimate and not free. */
  usage: orNull(UsageBody),
  incomplete_details: orNull(v.object({ reason: NullableText })),
  error: v.nullish(ProviderErrorBody),
});
type ResponseBody = v.InferOutput<typeof ResponseBody>;

/** The separator between the parts of a summary. */
export const PARAGRAPH = "\n\n";

export const isToolCall = ({ type }: { type?: unknown }) => type === "function_call" || type === "custom_tool_call";
/** A call of a hosted tool, such as `web_search_call` or `mcp_call`. Future kinds match too. */
export const isProviderCall = (item: { type?: unknown }) => String(item.type).endsWith("_call") && !isToolCall(item);

/** Converts a whole item to pieces. `index` is its position in the output. */
export function piecesOfItem(item: OutputItem, index: number): Piece[] {
  if (isToolCall(item)) return [toToolPiece(item, index)];
  if (isProviderCall(item)) return [{ kind: "provider_tool_call" }];
  if (item.type === "message") return item.content.flatMap(toTextPieces);
  const summary = item.summary?.map(({ text }) => text ?? "").join(PARAGRAPH);
  return summary ? [{ kind: "thinking", text: summary }] : [];
}

/** Converts the end of a response to pieces: usage, then finish reason or error. Throws when it has not ended. */
export function piecesOfEnd(response: ResponseBody): Piece[] {
  const { status, error, usage } = response;
  const counted = usage && toUsage(usage);
  const pieces: Piece[] = counted ? [{ kind: "usage", usage: counted, alone: false }] : [];
  if (status === "failed" || status === "cancelled") {
    return [...pieces, { kind: "error", error: toErrorBody(error ?? {}) }];
  }
  const finish = finishOf(response);
  if (!finish) throw new InternalError(`the response has not ended: its status is '${status}'`);
  return [...pieces, { kind: "finish", finish }];
}

function finishOf({ status, output, incomplete_details }: ResponseBody): Finish | undefined {
  if (status === "completed") return output.some(isToolCall) ? "tool_calls" : "stop";
  if (status !== "incomplete") return undefined;
  return incomplete_details?.reason === "content_filter" ? "content_filter" : "length";
}

/** The start of a tool call, or all of it. */
export function toToolPiece(item: OutputItem, index: number): Piece {
  const { call_id: id, name } = item;
  return {
    kind: "tool",
    index,
    ...(id ? { id } : {}),
    ...(name ? { name } : {}),
    arguments: item.arguments || item.input,
  };
}

/** Returns the usage in the JSON of a response; undefined when it has none. */
export function responsesUsageOf(body: unknown): Usage | undefined {
  const usage = usageFieldOf(body, UsageBody);
  return usage && toUsage(usage);
}

function toUsage(usage: v.InferOutput<typeof UsageBody>) {
  const { input_tokens: input, output_tokens: output, total_tokens: total } = usage;
  return toTokenUsage({ input, output, total }, usage.input_tokens_details, usage.output_tokens_details);
}
