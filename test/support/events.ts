// Server-sent events as a test reads them: a whole answer in named events, and an answer up to a point.

import { createParser } from "eventsource-parser";

export interface ReadEvent {
  /** "text" for the slim events that have no name. */
  name: string;
  data: string;
}

/** The events of an answer, in order. */
export function readEvents(text: string): ReadEvent[] {
  const events: ReadEvent[] = [];
  const parser = createParser({ onEvent: ({ event, data }) => events.push({ name: event ?? "text", data }) });
  parser.feed(text);
  return events;
}

/** Reads a body until it has said `wanted`, and leaves it open. Throws when it ends before. */
export async function readUntil(body: ReadableStream<Uint8Array> | null, wanted: string) {
  if (!body) throw new Error("there is no body");
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(wanted)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`it ended without '${wanted}': ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  return reader;
}
