// Splits the bytes of a JSONL file into lines while they arrive.

import { ApiError, apiError } from "../../core/errors.ts";
import { parseBoundedJson } from "../../core/http/json-body.ts";
import type { CountedJson } from "../../core/http/json-bounds.ts";

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

/** Runs the check of a line. Its ApiError names the line. */
export function inLine<Result>(number: number, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, body, headers, cause } = error;
    throw new ApiError(status, { ...body, message: `line ${number}: ${body.message}` }, { headers, cause });
  }
}

/** Parses the JSON of a line. Throws 400. `counted` gets the number of its parts: see `parseBoundedJson`. */
export function parseLine(text: string, counted?: CountedJson): unknown {
  try {
    return parseBoundedJson(text, counted);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw apiError("invalid_json", "it is not valid JSON. Send one JSON object per line.", { cause });
  }
}

/** Creates the 400 for a line that cannot be read. */
const faultInLine = (number: number, message: string) =>
  apiError("invalid_request", `line ${number}: ${message}`, { param: "file" });

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
      throw faultInLine(number + 1, `it has more than ${MAX_LINE_LENGTH} characters. Shorten it.`);
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
    if (emptyNumber !== undefined) throw faultInLine(emptyNumber, "it is empty. Remove it.");
    if (number > MAX_LINES) throw faultInLine(number, `a file has at most ${MAX_LINES} lines. Split it.`);
    if (number === 1 && text.startsWith("\ufeff")) throw faultInLine(1, "it begins with a byte order mark. Remove it.");
    const [other] = OTHER_LINE_END.exec(text) ?? [];
    if (other !== undefined)
      throw faultInLine(number, `it has a line end inside. Write it as ${escapeOf(other)} in JSON.`);
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
      throw faultInLine(number + 1, "this line or a later one is not UTF-8 text. Save the file as UTF-8.");
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
