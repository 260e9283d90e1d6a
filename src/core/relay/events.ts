// Reader of server-sent events from bytes. Keeps each event's original text beside its data.

import { createParser } from "eventsource-parser";
import { InternalError } from "../errors.ts";

export interface RawEvent {
  /** The event's original text, including its blank line. */
  raw: string;
  /** Undefined for a comment, and for an event without data. */
  data: string | undefined;
}

/** Tests if an event has only a name, or a data line without data. Some clients parse it as JSON and fail. */
export const hasEmptyData = ({ raw, data }: RawEvent): boolean =>
  data === undefined && /^data(:[ \t]*)?$|^event:/m.test(raw);

export interface EventReader {
  /** Reads bytes and returns the completed events. Throws when one exceeds 8 Mi characters. */
  read: (bytes: Uint8Array) => RawEvent[];
  /** Returns the last event, for the end of a stream, when its blank line is missing. */
  flush: () => RawEvent[];
}

/**
 * Characters. An image arrives in one event. The first event of Responses repeats the request's instructions and tools,
 * up to 4 MB.
 */
const MAX_EVENT_LENGTH = 8_388_608;
/** Two line ends in a row. A CR at the end of the input may start a CRLF, so after an LF it must wait. */
const BLANK_LINE = /(?:\r\n|\n)(?:\r\n|\n|\r(?!\n|$))|\r(?!\n)(?:\r\n|\n|\r(?!\n))/g;

/** A blank line has at most four characters, so an incomplete one has at most three. */
const MAX_PARTIAL_BLANK_LINE = 3;

export function createEventReader(): EventReader {
  const decoder = new TextDecoder();
  let data: string | undefined;
  const parser = createParser({ onEvent: (event) => (data = event.data) });
  /** Pieces of the unfinished event, joined once at its end. `rest` holds its last characters. */
  let pending: string[] = [];
  let pendingLength = 0;
  let rest = "";

  /** Reads text and returns the completed events. */
  const readText = (more: string): RawEvent[] => {
    // A blank line may be split between reads, so the search includes the last characters of the previous one.
    const text = rest + more;
    const events: RawEvent[] = [];
    let from = 0;
    BLANK_LINE.lastIndex = 0;
    while (BLANK_LINE.test(text)) {
      const raw = pending.join("") + text.slice(from, BLANK_LINE.lastIndex);
      pending = [];
      pendingLength = 0;
      data = singleLineData(raw);
      // The event is complete, so no CRLF is split.
      if (data === undefined) parser.feed(raw.replace(/\r\n?/g, "\n"));
      events.push({ raw, data: data !== undefined && HAS_TEXT.test(data) ? data : undefined });
      from = BLANK_LINE.lastIndex;
    }
    const kept = Math.max(from, text.length - MAX_PARTIAL_BLANK_LINE);
    if (kept > from) pending.push(text.slice(from, kept));
    pendingLength += kept - from;
    rest = text.slice(kept);
    if (pendingLength > MAX_EVENT_LENGTH) {
      pending = [];
      throw new InternalError(`an event of more than ${MAX_EVENT_LENGTH} characters`);
    }
    return events;
  };

  return {
    read: (bytes) => readText(decoder.decode(bytes, { stream: true })),
    flush() {
      rest += decoder.decode();
      return pending.length > 0 || HAS_TEXT.test(rest) ? readText("\n\n") : [];
    },
  };
}

/** Some servers send events with empty data to keep the connection open. */
const HAS_TEXT = /\S/;
const DATA = "data: ";

/** Fast path for events of one `data:` line, as every provider writes them; undefined for all others. */
function singleLineData(raw: string): string | undefined {
  const end = raw.length - 2;
  const isOneLine = raw.startsWith(DATA) && raw.indexOf("\n") === end && !raw.includes("\r");
  return isOneLine ? raw.slice(DATA.length, end) : undefined;
}
