// The incremental parser of multipart forms, as strict as the parser of whole forms in core.

import type { PartHead } from "../../core/http/form-syntax.ts";
import {
  createByteSearch,
  hasTextAt,
  invalidForm,
  MAX_HEADER_BYTES,
  readPartHead,
} from "../../core/http/form-syntax.ts";

/** A piece of a form. The `bytes` of all events together are the form as it was received. */
export type FormEvent =
  /** The delimiter and the headers of a part. The headers begin at `headersAt` of the bytes. */
  | { kind: "part"; bytes: Uint8Array; head: PartHead; headersAt: number }
  /** A piece of the content of the last part. */
  | { kind: "content"; bytes: Uint8Array }
  /** The closing delimiter. */
  | { kind: "end"; bytes: Uint8Array };

export interface FormParser {
  /**
   * Returns the event with which `window` begins. Undefined: it needs the same bytes with more behind them. `isWhole`:
   * the form ends with the window. Throws 400 `invalid_form`.
   */
  next(window: Uint8Array, isWhole: boolean): FormEvent | undefined;
}

/** The parser needs at most so many bytes for an event, with a boundary of 70 characters. */
export const MAX_EVENT_BYTES = MAX_HEADER_BYTES + 256;

const CARRIAGE_RETURN = 13;

/** Creates a parser, which holds no bytes. Each event takes its bytes from the beginning of the next window. */
export function createFormParser(boundary: string): FormParser {
  const findAfterReturn = createByteSearch(`\r--${boundary}`);
  const findAfterFeed = createByteSearch(`\n--${boundary}`);
  const delimiterLength = boundary.length + 4;
  let state: "start" | "content" | "delimiter" = "start";

  const takePart = (window: Uint8Array, headersAt: number): FormEvent => {
    const head = readPartHead(window, headersAt);
    // Go's parser ends a part without content here.
    if (hasTextAt(window, head.start, `--${boundary}`)) throw invalidForm("has its boundary inside a part");
    state = "content";
    return { kind: "part", bytes: window.subarray(0, head.start), head, headersAt };
  };

  const takeFirstPart = (window: Uint8Array): FormEvent => {
    // Some clients begin with the line end of a boundary. The first delimiter needs none.
    const at = hasTextAt(window, 0, "\r\n") ? 2 : 0;
    if (!hasTextAt(window, at, `--${boundary}\r\n`)) throw invalidForm("does not begin with its boundary");
    return takePart(window, at + boundary.length + 4);
  };

  /** Returns the offset of the next delimiter, or -1. A boundary after a single LF or CR is one to some parsers. */
  const findDelimiter = (window: Uint8Array): number => {
    const feed = findAfterFeed(window, 0);
    const before = feed === -1 ? window : window.subarray(0, feed);
    const isLoose = feed !== -1 && window[feed - 1] !== CARRIAGE_RETURN;
    if (isLoose || findAfterReturn(before, 0) !== -1) throw invalidForm("has its boundary inside a part");
    return feed === -1 ? -1 : feed - 1;
  };

  const takeContent = (window: Uint8Array, isWhole: boolean): FormEvent | undefined => {
    const delimiter = findDelimiter(window);
    if (delimiter === -1 && isWhole) throw invalidForm("has no closing boundary");
    // The last bytes can be the beginning of a delimiter.
    const length = delimiter === -1 ? window.length - delimiterLength + 1 : delimiter;
    if (delimiter !== -1) state = "delimiter";
    return length > 0 ? { kind: "content", bytes: window.subarray(0, length) } : undefined;
  };

  const takeDelimiter = (window: Uint8Array, isWhole: boolean): FormEvent | undefined => {
    if (hasTextAt(window, delimiterLength, "--")) {
      const rest = window.length - delimiterLength - 2;
      if (rest > 2 || (rest > 0 && isWhole && !hasTextAt(window, delimiterLength + 2, "\r\n"))) {
        throw invalidForm("goes on after its end");
      }
      return isWhole ? { kind: "end", bytes: window } : undefined;
    }
    if (!hasTextAt(window, delimiterLength, "\r\n")) throw invalidForm("has a boundary without a line end");
    return takePart(window, delimiterLength + 2);
  };

  return {
    next(window, isWhole) {
      if (state === "content") {
        const content = takeContent(window, isWhole);
        if (content || state === "content") return content;
      }
      if (!isWhole && window.length < MAX_EVENT_BYTES) return undefined;
      return state === "start" ? takeFirstPart(window) : takeDelimiter(window, isWhole);
    },
  };
}
