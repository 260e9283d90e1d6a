// The decoder of Responses: the events of a stream, and whole responses.

import * as v from "valibot";
import { InternalError } from "../../core/errors.ts";
import { ProviderErrorBody, toErrorBody } from "../../core/gateway/provider-error-body.ts";
import type { Finish, Piece } from "../../core/relay/answer.ts";
import type { Dialect } from "../../core/relay/dialect.ts";
import { textsIn } from "../openai/texts.ts";
import { NullableText, orNull, ReportedTokens, toTokenUsage, UsageDetails } from "../openai/answer-fields.ts";

const UsageBody = v.object({
  input_tokens: ReportedTokens,
  output_tokens: ReportedTokens,
  input_tokens_details: UsageDetails,
  output_tokens_details: UsageDetails,
});

/** An output item. Custom tools have `input` as text; functions have `arguments` as JSON text. */
const Item = v.looseObject({
  type: v.string(),
  call_id: NullableText,
  name: NullableText,
  arguments: NullableText,
  input: NullableText,
  content: orNull(v.array(v.object({ type: v.string(), text: NullableText, refusal: NullableText }))),
  summary: orNull(v.array(v.object({ text: NullableText }))),
});

const ResponseBody = v.object({
  status: v.string(),
  output: v.fallback(v.array(Item), []),
  /** Invalid usage counts as absent, so that the answer is charged by estimate and not free. */
  usage: orNull(UsageBody),
  incomplete_details: orNull(v.object({ reason: NullableText })),
  error: v.nullish(ProviderErrorBody),
});

/** The union of all events' fields. The type decides which of them an event has. */
const EventBody = v.object({
  type: v.string(),
  delta: NullableText,
  output_index: v.fallback(v.number(), 0),
  summary_index: v.fallback(v.number(), 0),
  item: orNull(Item),
  response: v.nullish(v.unknown()),
  /** Recorded streams nest the error's fields here. OpenAI's specification has them in the event itself. */
  error: orNull(ProviderErrorBody),
  message: NullableText,
  param: NullableText,
  code: NullableText,
});

/** The Responses dialect. Decoding throws when the JSON is invalid or does not match the schema. */
export const responsesDialect: Dialect = {
  decode(data) {
    const json: unknown = JSON.parse(data);
    return { pieces: piecesOfEvent(v.parse(EventBody, json)), json };
  },
  decodeWhole(text) {
    const json: unknown = JSON.parse(text);
    return { pieces: piecesOfResponse(v.parse(ResponseBody, json)), json };
  },
  /** Returns only the text that an event adds, because later events repeat it. */
  allText(json) {
    const { type, delta, annotation, item, output } = (json ?? {}) as Record<string, unknown>;
    // A tool's name, and arguments that arrive at once, are only in its item. A hosted call is only in its finished
    // item.
    const isCall = isProviderCall(item ?? {});
    const isNew = type === "response.output_item.added" || (type === "response.output_item.done" && isCall);
    return textsIn([delta, annotation, isNew ? item : undefined, output]).join("");
  },
};

function piecesOfEvent(event: v.InferOutput<typeof EventBody>): Piece[] {
  const { delta, item, output_index: index } = event;
  switch (event.type) {
    case "response.output_text.delta":
      return [{ kind: "text", text: delta ?? "" }];
    case "response.refusal.delta":
      return [{ kind: "text", text: delta ?? "" }, REFUSED];
    case "response.reasoning_summary_text.delta":
      return [{ kind: "thinking", text: delta ?? "" }];
    case "response.reasoning_summary_part.added":
      return event.summary_index > 0 ? [{ kind: "thinking", text: PARAGRAPH }] : [];
    case "response.output_item.added":
      return item && isToolCall(item) ? [toToolPiece(item, index)] : [];
    case "response.output_item.done":
      return item && isProviderCall(item) ? [{ kind: "provider_tool_call" }] : [];
    case "response.function_call_arguments.delta":
    case "response.custom_tool_call_input.delta":
      return [{ kind: "tool", index, arguments: delta ?? "" }];
    case "response.completed":
    case "response.incomplete":
    case "response.failed":
    case "response.cancelled":
      return [...readEnd(v.parse(ResponseBody, event.response)), { kind: "end" }];
    case "error":
      // `response.failed` follows, with the usage.
      return [{ kind: "error", error: toErrorBody(event.error ?? { ...event, type: null }) }];
    default:
      return [];
  }
}

/** The pieces of a response that has ended. Throws for any other status. */
function piecesOfResponse(response: v.InferOutput<typeof ResponseBody>): Piece[] {
  const pieces = response.output.flatMap((item, index): Piece[] => {
    if (isToolCall(item)) return [toToolPiece(item, index)];
    if (isProviderCall(item)) return [{ kind: "provider_tool_call" }];
    const summary = item.summary?.map(({ text }) => text ?? "").join(PARAGRAPH);
    const thinking: Piece[] = summary ? [{ kind: "thinking", text: summary }] : [];
    const content = item.content?.flatMap((part): Piece[] =>
      part.type === "refusal" ? [{ kind: "text", text: part.refusal ?? "" }, REFUSED] : toText(part),
    );
    return [...thinking, ...((item.type === "message" && content) || [])];
  });
  return [...pieces, ...readEnd(response), { kind: "end" }];
}

const REFUSED: Piece = { kind: "finish", finish: "refusal" };
/** The separator between the parts of a summary. */
const PARAGRAPH = "\n\n";

const toText = ({ text }: { text?: string | null | undefined }): Piece[] => (text ? [{ kind: "text", text }] : []);

function readEnd(response: v.InferOutput<typeof ResponseBody>): Piece[] {
  const { status, error, usage } = response;
  const pieces: Piece[] = usage ? [{ kind: "usage", usage: toUsage(usage), alone: false }] : [];
  if (status === "failed" || status === "cancelled") {
    return [...pieces, { kind: "error", error: toErrorBody(error ?? {}) }];
  }
  const finish = finishOf(response);
  if (!finish) throw new InternalError(`the response has not ended: its status is '${status}'`);
  return [...pieces, { kind: "finish", finish }];
}

function finishOf({ status, output, incomplete_details }: v.InferOutput<typeof ResponseBody>): Finish | undefined {
  if (status === "completed") return output.some(isToolCall) ? "tool_calls" : "stop";
  if (status !== "incomplete") return undefined;
  return incomplete_details?.reason === "content_filter" ? "content_filter" : "length";
}

const isToolCall = ({ type }: { type?: unknown }) => type === "function_call" || type === "custom_tool_call";
/** A call of a hosted tool, such as `web_search_call` or `mcp_call`. Future kinds match too. */
const isProviderCall = (item: { type?: unknown }) => String(item.type).endsWith("_call") && !isToolCall(item);

function toToolPiece(item: v.InferOutput<typeof Item>, index: number): Piece {
  const { call_id: id, name } = item;
  return {
    kind: "tool",
    index,
    ...(id ? { id } : {}),
    ...(name ? { name } : {}),
    arguments: item.arguments ?? item.input ?? "",
  };
}

function toUsage(usage: v.InferOutput<typeof UsageBody>) {
  return toTokenUsage(usage.input_tokens, usage.input_tokens_details, usage.output_tokens, usage.output_tokens_details);
}
