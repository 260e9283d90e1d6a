// How Responses answers: the pieces of a stream's event and of a whole response.

import * as v from "valibot";
import type { Finish, Piece } from "../../core/relay/answer.ts";
import { textsIn } from "../openai/subject.ts";
import { Count, Details, orNothing, ProviderError, Text, toErrorBody, usageOf } from "../openai/answer-fields.ts";

const UsageBody = v.object({
  input_tokens: Count,
  output_tokens: Count,
  input_tokens_details: Details,
  output_tokens_details: Details,
});

/** Custom tools take a text where functions take JSON. */
const Item = v.looseObject({
  type: v.string(),
  call_id: Text,
  name: Text,
  arguments: Text,
  input: Text,
  content: orNothing(v.array(v.object({ type: v.string(), text: Text, refusal: Text }))),
  summary: orNothing(v.array(v.object({ text: Text }))),
});

const ResponseBody = v.object({
  status: v.string(),
  output: v.fallback(v.array(Item), []),
  /** Usage that cannot be read is none: the answer is charged by estimate, not for free. */
  usage: orNothing(UsageBody),
  incomplete_details: orNothing(v.object({ reason: Text })),
  error: v.nullish(ProviderError),
});

/** The fields of all events together; which of them an event has, its type says. */
const EventBody = v.object({
  type: v.string(),
  delta: Text,
  output_index: v.fallback(v.number(), 0),
  summary_index: v.fallback(v.number(), 0),
  item: orNothing(Item),
  response: v.nullish(v.unknown()),
  /** Recorded streams have an error's fields in here; the specification has them in the event itself. */
  error: orNothing(ProviderError),
  message: Text,
  param: Text,
  code: Text,
});

/** The pieces of one event's data, in order. Throws when it is not JSON of this endpoint. */
export function readResponsesEvent(data: string): Piece[] {
  const event = v.parse(EventBody, JSON.parse(data));
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
      return item && isHostedCall(item) ? [{ kind: "hosted call" }] : [];
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

/** The pieces of a whole response, given as JSON text. Throws when it is none, or not an ended one. */
export function readResponse(text: string): Piece[] {
  const response = v.parse(ResponseBody, JSON.parse(text));
  const pieces = response.output.flatMap((item, index): Piece[] => {
    if (isToolCall(item)) return [toToolPiece(item, index)];
    if (isHostedCall(item)) return [{ kind: "hosted call" }];
    const summary = item.summary?.map(({ text }) => text ?? "").join(PARAGRAPH);
    const thinking: Piece[] = summary ? [{ kind: "thinking", text: summary }] : [];
    const content = item.content?.flatMap((part): Piece[] =>
      part.type === "refusal" ? [{ kind: "text", text: part.refusal ?? "" }, REFUSED] : toText(part),
    );
    return [...thinking, ...((item.type === "message" && content) || [])];
  });
  return [...pieces, ...readEnd(response), { kind: "end" }];
}

/** All that one event's data says anew, or all of a whole response, whether it is understood or not. */
export function responsesWords(text: string): string {
  const { type, delta, annotation, item, output } = JSON.parse(text) as Record<string, unknown>;
  // A tool's name, and arguments that come whole, are in its item alone; a hosted tool's in what it has become.
  const hosted = isHostedCall(item ?? {});
  const isNew = type === "response.output_item.added" || (type === "response.output_item.done" && hosted);
  return textsIn([delta, annotation, isNew ? item : undefined, output]).join("");
}

const REFUSED: Piece = { kind: "finish", finish: "refusal" };
/** Between the parts of a summary. */
const PARAGRAPH = "\n\n";

const toText = ({ text }: { text?: string | null | undefined }): Piece[] => (text ? [{ kind: "text", text }] : []);

function readEnd(response: v.InferOutput<typeof ResponseBody>): Piece[] {
  const { status, error, usage } = response;
  const pieces: Piece[] = usage ? [{ kind: "usage", usage: toUsage(usage), alone: false }] : [];
  if (status === "failed" || status === "cancelled") {
    return [...pieces, { kind: "error", error: toErrorBody(error ?? {}) }];
  }
  const finish = finishOf(response);
  if (!finish) throw new Error(`a response that is ${status}`);
  return [...pieces, { kind: "finish", finish }];
}

function finishOf({ status, output, incomplete_details }: v.InferOutput<typeof ResponseBody>): Finish | undefined {
  if (status === "completed") return output.some(isToolCall) ? "tool_calls" : "stop";
  if (status !== "incomplete") return undefined;
  return incomplete_details?.reason === "content_filter" ? "content_filter" : "length";
}

const isToolCall = ({ type }: { type?: unknown }) => type === "function_call" || type === "custom_tool_call";
/** A call of a tool that is neither: `web_search_call`, `mcp_call`, and those to come. */
const isHostedCall = (item: { type?: unknown }) => String(item.type).endsWith("_call") && !isToolCall(item);

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
  return usageOf(usage.input_tokens, usage.input_tokens_details, usage.output_tokens, usage.output_tokens_details);
}
