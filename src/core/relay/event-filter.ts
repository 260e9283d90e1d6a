// Filter that removes single events from a byte stream.
// It parses only events that match a regular expression.

import { InternalError } from "../errors.ts";
import { concatBytes, createGrowingBuffer, LINE_FEED } from "./byte-buffers.ts";
import type { EventReader, RawEvent } from "./events.ts";
import { createEventReader, hasEmptyData } from "./events.ts";

/** Bytes. The unfinished event is in memory, so its length is bounded. No chunk of a chat is this long. */
const MAX_EVENT_BYTES = 1_000_000;

const NO_BYTES = new Uint8Array(0);

/**
 * Matches events with usage, an error or the end mark, and empty ones. An error may have no envelope. Text cannot
 * match: JSON escapes its quotes.
 */
const PARSED_EVENT = /"usage"\s*:\s*\{|"errors?"|"(message|detail)"\s*:\s*["[]|\[DONE\]|^data(:[ \t]*)?$|^event:/m;

// Latin-1 has one character per byte, so an index in the text is an index in the bytes.
const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

export interface EventFilter {
  /** Reads bytes and returns the complete events that are not withheld. Throws when an event is longer than 1 MB. */
  read: (bytes: Uint8Array) => Uint8Array;
  /** Returns the last event, for the end of a stream, when its blank line is missing. */
  flush: () => Uint8Array;
}

/** Creates a filter that removes the events for which `withhold` returns true. */
export function createEventFilter(withhold: (data: string) => boolean): EventFilter {
  const isSent = (event: RawEvent) => (event.data === undefined ? !hasEmptyData(event) : !withhold(event.data));
  const encode = (events: RawEvent[]) =>
    encoder.encode(
      events
        .filter(isSent)
        .map(({ raw }) => raw)
        .join(""),
    );
  const unfinished = createGrowingBuffer();
  let exact: EventReader | undefined;

  const read = (bytes: Uint8Array): Uint8Array => {
    // The complete events before it were returned by the previous call.
    if (unfinished.length > MAX_EVENT_BYTES) throw new InternalError(`an event of more than ${MAX_EVENT_BYTES} bytes`);
    if (exact) return encode(exact.read(bytes));
    if (unfinished.length === 0 && endsWithBlankLine(bytes)) {
      const text = decoder.decode(bytes);
      if (!text.includes("\r")) return withoutWithheld(bytes.slice(), text, withhold);
    }
    // A blank line may be split between reads, so the search includes the last byte of the previous one.
    const from = Math.max(0, unfinished.length - 1);
    unfinished.append(bytes);
    const fresh = decoder.decode(unfinished.from(from));
    if (fresh.includes("\r")) {
      // CR and CRLF line ends can be split between reads; the event reader handles that.
      exact = createEventReader();
      return encode(exact.read(unfinished.take(unfinished.length)));
    }
    const end = fresh.lastIndexOf("\n\n");
    if (end === -1) return NO_BYTES;
    // Only now, an event that came in many pieces is decoded as a whole. So each byte is decoded at most twice.
    const whole = unfinished.take(from + end + 2);
    const text = from === 0 ? fresh.slice(0, end + 2) : decoder.decode(whole);
    return withoutWithheld(whole, text, withhold);
  };
  return {
    read,
    flush() {
      const reader = exact ?? createEventReader();
      const completed = exact ? [] : reader.read(unfinished.take(unfinished.length));
      return encode([...completed, ...reader.flush()]);
    },
  };
}

/** Tests if the bytes end with a blank line, as most reads do: providers send whole events. */
const endsWithBlankLine = (bytes: Uint8Array) => bytes.at(-1) === LINE_FEED && bytes.at(-2) === LINE_FEED;

/** Removes withheld events from complete events; `text` has one character per byte. */
function withoutWithheld(whole: Uint8Array, text: string, withhold: (data: string) => boolean): Uint8Array {
  if (!PARSED_EVENT.test(text)) return whole;
  const kept: Uint8Array[] = [];
  for (let from = 0; from < whole.length;) {
    const blankLine = text.indexOf("\n\n", from);
    // Extra blank lines can leave a single line end after the last event.
    const end = blankLine === -1 ? whole.length : blankLine + 2;
    const event = whole.subarray(from, end);
    const isWithheld =
      PARSED_EVENT.test(text.slice(from, end)) &&
      createEventReader()
        .read(event)
        .some((each) => (each.data === undefined ? hasEmptyData(each) : withhold(each.data)));
    if (!isWithheld) kept.push(event);
    from = end;
  }
  return concatBytes(kept);
}
