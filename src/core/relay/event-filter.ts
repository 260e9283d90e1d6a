// Takes single events out of a stream of bytes without parsing the others: whatever may be one is looked at, the rest
// passes as it came.

import { concatBytes } from "./concat-bytes.ts";
import { createEventReader } from "./events.ts";

/** No chunk of a chat is longer; what is joined to at each read must not grow. */
const LONGEST_CHUNK = 1_000_000;

/** What an event holds that tells usage, an error, or the end. In JSON's strings a quote has a backslash. */
const SUSPICIOUS = /"usage"\s*:\s*\{|"error"|\[DONE\]/;

// One character a byte, whatever the byte: places in the text are places in the bytes.
const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

/**
 * Returns a function that takes bytes and gives those that can be sent: whole events, without those of which `withhold`
 * says so. It throws on an endless event.
 */
export function createEventFilter(withhold: (data: string) => boolean): (bytes: Uint8Array) => Uint8Array {
  const isSent = ({ data }: { data: string | undefined }) => data === undefined || !withhold(data);
  const encode = (events: { raw: string; data: string | undefined }[]) =>
    encoder.encode(
      events
        .filter(isSent)
        .map(({ raw }) => raw)
        .join(""),
    );
  let rest = new Uint8Array(0);
  let exact: ReturnType<typeof createEventReader> | undefined;

  return (bytes) => {
    // What was whole before an endless event has been given out by now.
    if (rest.length > LONGEST_CHUNK) throw new Error(`an event of more than ${LONGEST_CHUNK} bytes`);
    if (exact) return encode(exact(bytes));
    const all = concatBytes(rest, bytes);
    const text = decoder.decode(all);
    if (text.includes("\r")) {
      // Ends of line that can be cut in two are left to who knows them.
      exact = createEventReader();
      return encode(exact(all));
    }
    const end = text.lastIndexOf("\n\n");
    const whole = all.subarray(0, end === -1 ? 0 : end + 2);
    rest = all.slice(whole.length);
    return SUSPICIOUS.test(text) ? withoutSome(whole, text, withhold) : whole;
  };
}

/** Whole events but for those that are withheld; `text` has a character for each byte. */
function withoutSome(whole: Uint8Array, text: string, withhold: (data: string) => boolean): Uint8Array {
  let kept: Uint8Array = new Uint8Array(0);
  for (let from = 0; from < whole.length;) {
    const blankLine = text.indexOf("\n\n", from);
    // More than one blank line can leave an odd end of line.
    const end = blankLine === -1 ? whole.length : blankLine + 2;
    const event = whole.subarray(from, end);
    const isWithheld =
      SUSPICIOUS.test(text.slice(from, end)) &&
      createEventReader()(event).some(({ data }) => data !== undefined && withhold(data));
    if (!isWithheld) kept = concatBytes(kept, event);
    from = end;
  }
  return kept;
}
