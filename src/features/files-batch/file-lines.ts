// Splits the bytes of a JSONL file into lines while they arrive.

import type { ApiError } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";

/** The most characters of a line (UTF-16), which bounds the memory of an upload. */
export const MAX_LINE_LENGTH = 1_048_576;
/** OpenAI's limit of a batch. */
const MAX_LINES = 50_000;

/** Some parsers take these characters for line ends too, and so would read other lines than Weir. */
const OTHER_LINE_END = /[\r\u0085\u2028\u2029]/;

export interface FileLine {
  text: string;
  /** The first line has the number 1. */
  number: number;
}

export interface LineSplitter {
  /** Returns the lines that end in the bytes. Throws 400. */
  add(bytes: Uint8Array): Iterable<FileLine>;
  /** Returns the line that the file ends with, if it has no line end. Throws 400. */
  end(): Iterable<FileLine>;
}

/** Creates the fault of a line: 400 `invalid_request`, whose message begins with "line 3: ". */
export const lineFault = (number: number, what: string): ApiError =>
  apiError("invalid_request", `line ${number}: ${what}`, { param: "file" });

/** Creates a splitter. Lines end with LF or CRLF, and the file may end with empty lines. */
export function createLineSplitter(): LineSplitter {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pieces: string[] = [];
  let length = 0;
  let number = 0;
  let emptyNumber: number | undefined;

  const hold = (piece: string) => {
    length += piece.length;
    if (length > MAX_LINE_LENGTH)
      throw lineFault(number + 1, `it has more than ${MAX_LINE_LENGTH} characters. Shorten it.`);
    pieces.push(piece);
  };

  function* endLine(): Generator<FileLine> {
    const joined = pieces.join("");
    const text = joined.endsWith("\r") ? joined.slice(0, -1) : joined;
    pieces = [];
    length = 0;
    number += 1;
    if (text.trim() === "") {
      emptyNumber ??= number;
      return;
    }
    if (emptyNumber !== undefined) throw lineFault(emptyNumber, "it is empty. Remove it.");
    if (number > MAX_LINES) throw lineFault(number, `a file has at most ${MAX_LINES} lines. Split it.`);
    if (number === 1 && text.startsWith("\ufeff")) throw lineFault(1, "it begins with a byte order mark. Remove it.");
    const [other] = OTHER_LINE_END.exec(text) ?? [];
    if (other !== undefined)
      throw lineFault(number, `it has a line end inside. Write it as ${escapeOf(other)} in JSON.`);
    yield { text, number };
  }

  function* take(text: string): Generator<FileLine> {
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      hold(text.slice(start, end));
      yield* endLine();
      start = end + 1;
    }
    if (start < text.length) hold(text.slice(start));
  }

  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw lineFault(number + 1, "this line or a later one is not UTF-8 text. Save the file as UTF-8.");
    }
  };

  return {
    add: (bytes) => take(decode(bytes)),
    *end() {
      yield* take(decode());
      if (length > 0) yield* endLine();
    },
  };
}

const escapeOf = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
