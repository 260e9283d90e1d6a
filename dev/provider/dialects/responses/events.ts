// The stream events of each output item. Another file numbers and frames them.
import type { JsonObject } from "../../kernel/body.ts";
import { noise } from "../../kernel/delivery/obfuscation.ts";
import type { HostedCall } from "../../kernel/responses-hooks.ts";
import type { GeneratedAnswer } from "./answer.ts";
import { contentPart, type OutputItem } from "./items.ts";

/** The type and the fields of an event, without its sequence number. */
export type ResponseEvent = [type: string, fields: JsonObject];

export interface ReplyEvents {
  opening: ResponseEvent[];
  /** The event of one token: its type, and the fields before and after the token. */
  delta: { type: string; before: JsonObject; after: JsonObject };
  closing: ResponseEvent[];
}

const kinds = {
  text: { type: "response.output_text", field: "text", after: { logprobs: [] } },
  refusal: { type: "response.refusal", field: "refusal", after: {} },
  function_call: { type: "response.function_call_arguments", field: "arguments", after: {} },
  custom_tool_call: { type: "response.custom_tool_call_input", field: "input", after: {} },
};

/** The events of reasoning and of its summary, if it has one. */
export function reasoningEvents(
  item: OutputItem,
  index: number,
  summary: string[],
  obfuscated: boolean,
): ResponseEvent[] {
  const place = { item_id: item.id, output_index: index, summary_index: 0 };
  const text = summary.join("");
  const part = (summaryText: string) => ({ ...place, part: { type: "summary_text", text: summaryText } });
  const delta = (piece: string, position: number): ResponseEvent => [
    "response.reasoning_summary_text.delta",
    { ...place, delta: piece, ...(obfuscated && { obfuscation: noise(position, piece.length) }) },
  ];
  const summaryEvents: ResponseEvent[] = [
    ["response.reasoning_summary_part.added", part("")],
    ...summary.map(delta),
    ["response.reasoning_summary_text.done", { ...place, text }],
    ["response.reasoning_summary_part.done", part(text)],
  ];
  return [added(item, index), ...(summary.length > 0 ? summaryEvents : []), done(item, index)];
}

/** The events of a hosted call. */
export function hostedEvents(call: HostedCall, index: number): ResponseEvent[] {
  const place = { output_index: index, item_id: call.id };
  const progress = call.progress.map((type): ResponseEvent => [type, place]);
  return [added(call, index), ...progress, done(call, index)];
}

/** The events of a message or a tool call, around those of its tokens. */
export function replyEvents({ kind, call, pieces }: GeneratedAnswer, item: OutputItem, index: number): ReplyEvents {
  const { type, field, after } = kinds[kind];
  const text = pieces.join("");
  const place = { item_id: item.id, output_index: index, ...(!call && { content_index: 0 }) };
  const part = (event: string, written: string): ResponseEvent[] =>
    call ? [] : [[`response.content_part.${event}`, { ...place, part: contentPart(kind, written) }]];
  const name = kind === "function_call" ? { name: call?.name } : {};
  return {
    opening: [added(item, index), ...part("added", "")],
    delta: { type: `${type}.delta`, before: place, after },
    closing: [
      [`${type}.done`, { ...place, [field]: text, ...after, ...name }],
      ...part("done", text),
      done(item, index),
    ],
  };
}

function added(item: OutputItem, index: number): ResponseEvent {
  return ["response.output_item.added", { output_index: index, item: item.opened }];
}

function done(item: OutputItem, index: number): ResponseEvent {
  return ["response.output_item.done", { output_index: index, item: item.closed }];
}
