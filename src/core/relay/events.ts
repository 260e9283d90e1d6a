// Server-sent events out of bytes, however they were cut: each event's own text, and its data where it has any.

import { createParser } from "eventsource-parser";

export interface RawEvent {
  /** The event as it was sent, with the blank line that ends it. */
  raw: string;
  /** Its data, or undefined for a comment. */
  data: string | undefined;
}

/**
 * An event that has not ended after this many characters is not one that we pass on. The first event of Responses repeats
 * instructions and tools, of which a request can hold 4 MB, and a picture comes in one.
 */
const LONGEST_EVENT = 8_388_608;
/** Two ends of line in a row. After one with an LF, a CR at the end of what has come waits for an LF of its own. */
const BLANK_LINE = /(?:\r\n|\n)(?:\r\n|\n|\r(?!\n|$))|\r(?!\n)(?:\r\n|\n|\r(?!\n))/g;

/** A blank line has four characters at most: of one that is not complete, so many can have come. */
const SEARCHED_AGAIN = 3;

/** Returns a function that takes bytes and gives the events that they complete. It throws on an endless event. */
export function createEventReader(): (bytes: Uint8Array) => RawEvent[] {
  const decoder = new TextDecoder();
  let data: string | undefined;
  const parser = createParser({ onEvent: (event) => (data = event.data) });
  /** What has come of the next event, in pieces, so that a long one is joined once; and its last characters. */
  let begun: string[] = [];
  let begunLength = 0;
  let rest = "";

  return (bytes) => {
    // A blank line may have been cut in two, so the search begins a little before what is new.
    const text = rest + decoder.decode(bytes, { stream: true });
    const events: RawEvent[] = [];
    let from = 0;
    BLANK_LINE.lastIndex = 0;
    while (BLANK_LINE.test(text)) {
      const raw = begun.join("") + text.slice(from, BLANK_LINE.lastIndex);
      begun = [];
      begunLength = 0;
      data = onlyDataOf(raw);
      // The event has ended, so no end of line is half of another.
      if (data === undefined) parser.feed(raw.replace(/\r\n?/g, "\n"));
      events.push({ raw, data });
      from = BLANK_LINE.lastIndex;
    }
    const kept = Math.max(from, text.length - SEARCHED_AGAIN);
    if (kept > from) begun.push(text.slice(from, kept));
    begunLength += kept - from;
    rest = text.slice(kept);
    if (begunLength > LONGEST_EVENT) {
      begun = [];
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
