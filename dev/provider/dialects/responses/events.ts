// The events of a response's stream, item by item. What an event says is here; how events become frames is not.
import type { JsonObject } from "../../kernel/body.ts";
import { noise } from "../../kernel/delivery/obfuscation.ts";
import type { ResponseAnswer } from "./answer.ts";
import { contentPart, type OutputItem } from "./items.ts";

/** Type and fields of an event; its number is added when it is written. */
export type Event = [type: string, fields: JsonObject];

export interface ReplyEvents {
  opening: Event[];
  /** The event that brings a token, without the token: the type, the fields before it, and those after it. */
  delta: { type: string; before: JsonObject; after: JsonObject };
  closing: Event[];
}

const kinds = {
  text: { type: "response.output_text", field: "text", after: { logprobs: [] } },
  refusal: { type: "response.refusal", field: "refusal", after: {} },
  function_call: { type: "response.function_call_arguments", field: "arguments", after: {} },
  custom_tool_call: { type: "response.custom_tool_call_input", field: "input", after: {} },
};

/** Reasoning, with its summary when there is one. */
export function reasoningEvents(item: OutputItem, index: number, summary: string[], obfuscated: boolean): Event[] {
  const place = { item_id: item.id, output_index: index, summary_index: 0 };
  const text = summary.join("");
  const part = (said: string) => ({ ...place, part: { type: "summary_text", text: said } });
  const delta = (piece: string, position: number): Event => [
    "response.reasoning_summary_text.delta",
    { ...place, delta: piece, ...(obfuscated && { obfuscation: noise(position, piece.length) }) },
  ];
  const said: Event[] = [
    ["response.reasoning_summary_part.added", part("")],
    ...summary.map(delta),
    ["response.reasoning_summary_text.done", { ...place, text }],
    ["response.reasoning_summary_part.done", part(text)],
  ];
  return [added(item, index), ...(summary.length > 0 ? said : []), done(item, index)];
}

/** A search of the web, from its beginning to its end. */
export function searchEvents(item: OutputItem, index: number): Event[] {
  const place = { output_index: index, item_id: item.id };
  return [
    added(item, index),
    ["response.web_search_call.in_progress", place],
    ["response.web_search_call.searching", place],
    ["response.web_search_call.completed", place],
    done(item, index),
  ];
}

/** The message or the tool call, around its tokens. */
export function replyEvents({ kind, call, pieces }: ResponseAnswer, item: OutputItem, index: number): ReplyEvents {
  const { type, field, after } = kinds[kind];
  const text = pieces.join("");
  const place = { item_id: item.id, output_index: index, ...(!call && { content_index: 0 }) };
  const part = (event: string, said: string): Event[] =>
    call ? [] : [[`response.content_part.${event}`, { ...place, part: contentPart(kind, said) }]];
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

function added(item: OutputItem, index: number): Event {
  return ["response.output_item.added", { output_index: index, item: item.opened }];
}

function done(item: OutputItem, index: number): Event {
  return ["response.output_item.done", { output_index: index, item: item.closed }];
}
