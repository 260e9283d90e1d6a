// The decoder of Responses: the events of a stream, and whole responses.

import * as v from "valibot";
import { ProviderErrorBody, toErrorBody } from "../../core/gateway/provider-error-body.ts";
import type { Piece } from "../../core/relay/answer.ts";
import type { Dialect, SeenParts } from "../../core/relay/dialect.ts";
import { textsIn } from "../openai/texts.ts";
import { NullableText, orNull, ToolArguments, toTextPieces } from "../openai/answer-fields.ts";
import type { OutputItem as Item } from "./response-body.ts";
import {
  isProviderCall,
  isToolCall,
  OutputItem,
  PARAGRAPH,
  piecesOfEnd,
  piecesOfItem,
  ResponseBody,
  toToolPiece,
} from "./response-body.ts";

/** The union of all events' fields. The type decides which of them an event has. */
const EventBody = v.object({
  type: v.string(),
  delta: NullableText,
  text: NullableText,
  refusal: NullableText,
  arguments: ToolArguments,
  input: ToolArguments,
  output_index: v.fallback(v.number(), 0),
  content_index: v.fallback(v.number(), 0),
  summary_index: v.fallback(v.number(), 0),
  item: orNull(OutputItem),
  response: v.nullish(v.unknown()),
  /** Recorded streams nest the error's fields here. OpenAI's specification has them in the event itself. */
  error: orNull(ProviderErrorBody),
  message: NullableText,
  param: NullableText,
  code: NullableText,
});
type EventBody = v.InferOutput<typeof EventBody>;

/** The Responses dialect. Decoding throws when the JSON is invalid or does not match the schema. */
export const responsesDialect: Dialect = {
  decode(data, seen = new Set()) {
    const json: unknown = JSON.parse(data);
    return { pieces: piecesOfEvent(v.parse(EventBody, json), seen), json };
  },
  decodeWhole(text) {
    const json: unknown = JSON.parse(text);
    const response = v.parse(ResponseBody, json);
    return { pieces: [...response.output.flatMap(piecesOfItem), ...piecesOfEnd(response), END], json };
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

const END: Piece = { kind: "end" };

/**
 * Converts an event to pieces. The events that end a part or an item repeat its content, which some servers send only
 * there. `seen` has the parts whose content has arrived.
 */
function piecesOfEvent(event: EventBody, seen: SeenParts): Piece[] {
  const { delta, item, output_index: index } = event;
  const isRefusal = event.type.startsWith("response.refusal.");
  const textPart = `text ${index} ${event.content_index}`;
  switch (event.type) {
    case "response.output_text.delta":
    case "response.refusal.delta":
      if (delta) mark(seen, "text", index, textPart);
      return toTextPieces({ text: delta ?? "", isRefusal });
    case "response.output_text.done":
    case "response.refusal.done": {
      const text = event.text ?? event.refusal;
      if (!text || seen.has(textPart)) return [];
      mark(seen, "text", index, textPart);
      return toTextPieces({ text, isRefusal });
    }
    case "response.reasoning_summary_text.delta":
      if (delta) mark(seen, "thinking", index);
      return [{ kind: "thinking", text: delta ?? "" }];
    case "response.reasoning_summary_part.added":
      return event.summary_index > 0 ? [{ kind: "thinking", text: PARAGRAPH }] : [];
    case "response.output_item.added":
      if (!item || !isToolCall(item)) return [];
      if (item.arguments || item.input) mark(seen, "arguments", index);
      return [toToolPiece(item, index)];
    case "response.function_call_arguments.delta":
    case "response.custom_tool_call_input.delta":
      if (delta) mark(seen, "arguments", index);
      return [{ kind: "tool", index, arguments: delta ?? "" }];
    case "response.function_call_arguments.done":
    case "response.custom_tool_call_input.done": {
      const all = event.arguments || event.input;
      if (!all || seen.has(`arguments ${index}`)) return [];
      mark(seen, "arguments", index);
      return [{ kind: "tool", index, arguments: all }];
    }
    case "response.output_item.done": {
      if (!item || seen.has(`${kindOf(item)} ${index}`)) return [];
      mark(seen, kindOf(item), index);
      return piecesOfItem(item, index);
    }
    case "response.completed":
    case "response.incomplete": {
      const response = v.parse(ResponseBody, event.response);
      // Some servers send no index, so an item is new only when nothing of its kind has arrived.
      const late = response.output.flatMap((each, at) => (seen.has(kindOf(each)) ? [] : piecesOfItem(each, at)));
      return [...late, ...piecesOfEnd(response), END];
    }
    case "response.failed":
    case "response.cancelled":
      return [...piecesOfEnd(v.parse(ResponseBody, event.response)), END];
    case "error":
      // `response.failed` follows, with the usage.
      return [{ kind: "error", error: toErrorBody(event.error ?? { ...event, type: null }) }];
    default:
      return [];
  }
}

type PartKind = "text" | "thinking" | "arguments" | "call";

function mark(seen: SeenParts, kind: PartKind, index: number, part?: string): void {
  seen.add(kind).add(`${kind} ${index}`);
  if (part !== undefined) seen.add(part);
}

function kindOf(item: Item): PartKind {
  if (isToolCall(item)) return "arguments";
  if (isProviderCall(item)) return "call";
  return item.type === "message" ? "text" : "thinking";
}
