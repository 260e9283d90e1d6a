// The output items of a stream so far, and the events that end them when Weir stops the answer.

import type { Json } from "./memo.ts";

/** An event before it has a sequence number. */
export type PendingEvent = [type: string, fields: Json];

/** The fields of an event that concern an item. */
export interface ItemEvent {
  type?: string;
  output_index?: number;
  item?: Json;
  delta?: string;
}

/** An item that has begun, with its text and the types of its events so far. */
interface OpenItem {
  item: Json;
  text: string;
  seen: Set<string>;
}

const PART_ADDED = "response.content_part.added";
const TEXT_DONE = "response.output_text.done";
const PART_DONE = "response.content_part.done";
const ITEM_DONE = "response.output_item.done";

export function createOpenItems() {
  const opened: OpenItem[] = [];
  return {
    /** Records an event that was passed on. */
    add({ type = "", output_index: at, item, delta }: ItemEvent): void {
      if (at === undefined) return;
      const open = (opened[at] ??= { item: {}, text: "", seen: new Set() });
      if (item) open.item = item;
      if (type === "response.output_text.delta") open.text += delta ?? "";
      open.seen.add(type);
    },
    /** Returns the output so far, and the missing events of its messages. Clients find each item by its index. */
    end(): { output: Json[]; events: PendingEvent[] } {
      const output: Json[] = [];
      const events: PendingEvent[] = [];
      for (const [at, { item, text, seen }] of opened.entries()) {
        if (item["type"] !== "message" || seen.has(ITEM_DONE)) {
          output.push(item);
          continue;
        }
        const part = { type: "output_text", text, annotations: [], logprobs: [] };
        const content = text !== "" || seen.has(PART_ADDED) ? [part] : [];
        const ended = { ...item, status: "incomplete", content };
        output.push(ended);
        const place = { item_id: item["id"], output_index: at, content_index: 0 };
        if (content.length > 0 && !seen.has(TEXT_DONE)) events.push([TEXT_DONE, { ...place, text, logprobs: [] }]);
        if (content.length > 0 && !seen.has(PART_DONE)) events.push([PART_DONE, { ...place, part }]);
        events.push([ITEM_DONE, { output_index: at, item: ended }]);
      }
      return { output, events };
    },
  };
}
