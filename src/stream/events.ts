// Server-sent events out of bytes, however they were cut: each event's own text, and its data where it has any.

import { createParser } from "eventsource-parser";

export interface RawEvent {
  /** The event as it was sent, with the blank line that ends it. */
  raw: string;
  /** Its data, or undefined for a comment. */
  data: string | undefined;
}

/** An event that has not ended after this many characters is not one that we pass on. */
export const LONGEST_EVENT = 1_000_000;
/** Two ends of line in a row. After one with an LF, a CR at the end of what has come waits for an LF of its own. */
const BLANK_LINE = /(?:\r\n|\n)(?:\r\n|\n|\r(?!\n|$))|\r(?!\n)(?:\r\n|\n|\r(?!\n))/g;

/** Returns a function that takes bytes and gives the events that they complete. It throws on an endless event. */
export function createEventReader(): (bytes: Uint8Array) => RawEvent[] {
  const decoder = new TextDecoder();
  let data: string | undefined;
  const parser = createParser({ onEvent: (event) => (data = event.data) });
  let rest = "";

  return (bytes) => {
    const text = rest + decoder.decode(bytes, { stream: true });
    const events: RawEvent[] = [];
    let from = 0;
    // A blank line may have been cut in two, so the search begins a little before what is new.
    BLANK_LINE.lastIndex = Math.max(0, rest.length - 3);
    while (BLANK_LINE.test(text)) {
      const raw = text.slice(from, BLANK_LINE.lastIndex);
      data = onlyDataOf(raw);
      if (data === undefined) parser.feed(raw);
      events.push({ raw, data });
      from = BLANK_LINE.lastIndex;
    }
    rest = text.slice(from);
    if (rest.length > LONGEST_EVENT) {
      rest = "";
      throw new Error(`an event of more than ${LONGEST_EVENT} characters`);
    }
    return events;
  };
}

const DATA = "data: ";

/** The data of an event that is a single line of it, as every provider writes them; a parser would say the same. */
function onlyDataOf(raw: string): string | undefined {
  const end = raw.length - 2;
  const isOneLine = raw.startsWith(DATA) && raw.indexOf("\n") === end && !raw.includes("\r");
  return isOneLine ? raw.slice(DATA.length, end) : undefined;
}
