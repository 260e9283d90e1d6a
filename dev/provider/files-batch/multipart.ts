// A reader of multipart bodies as streams. RFC 2046, section 5.1.1 has the delimiters.
import { concatBytes } from "../../../src/core/relay/byte-buffers.ts";

/** Receives the content of a part, piece by piece. */
export type PartSink = (bytes: Uint8Array) => void;

const CARRIAGE_RETURN = 13;
const MAX_HEADER_BYTES = 16_384;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const END_OF_HEADERS = encoder.encode("\r\n\r\n");

/**
 * Reads a body to its end. `openPart` gets the headers of each part. Resolves to false when the body is malformed, or
 * ends before its last delimiter.
 */
export async function readMultipart(
  body: ReadableStream<Uint8Array>,
  boundary: string,
  openPart: (headers: string) => PartSink,
): Promise<boolean> {
  const parser = new Parser(boundary, openPart);
  for await (const bytes of body) parser.feed(bytes);
  return parser.state === "closed";
}

class Parser {
  state: "content" | "delimiter" | "headers" | "closed" | "malformed" = "content";
  readonly #delimiter: Uint8Array;
  readonly #openPart: (headers: string) => PartSink;
  #sink: PartSink = () => {};
  // The first delimiter has no line break before it.
  #rest: Uint8Array = encoder.encode("\r\n");

  constructor(boundary: string, openPart: (headers: string) => PartSink) {
    this.#delimiter = encoder.encode(`\r\n--${boundary}`);
    this.#openPart = openPart;
  }

  feed(bytes: Uint8Array): void {
    this.#rest = concatBytes([this.#rest, bytes]);
    while (this.#step());
  }

  /** Advances by one element; false when it needs more bytes. */
  #step(): boolean {
    if (this.state === "content") return this.#readContent();
    if (this.state === "delimiter") return this.#readDelimiter();
    if (this.state === "headers") return this.#readHeaders();
    this.#rest = new Uint8Array(0);
    return false;
  }

  #readContent(): boolean {
    const found = find(this.#rest, this.#delimiter);
    // The end of these bytes can be the beginning of a delimiter.
    const known = found < 0 ? Math.max(0, this.#rest.length - this.#delimiter.length + 1) : found;
    if (known > 0) this.#sink(this.#rest.subarray(0, known));
    this.#skip(found < 0 ? known : found + this.#delimiter.length);
    if (found >= 0) this.state = "delimiter";
    return found >= 0;
  }

  #readDelimiter(): boolean {
    if (this.#rest.length < 2) return false;
    const mark = decoder.decode(this.#rest.subarray(0, 2));
    this.state = mark === "--" ? "closed" : mark === "\r\n" ? "headers" : "malformed";
    if (this.state !== "headers") this.#skip(2);
    return true;
  }

  /** The line break after the delimiter is still there, so that a part without headers ends as any other. */
  #readHeaders(): boolean {
    const end = find(this.#rest, END_OF_HEADERS);
    if (end < 0) {
      if (this.#rest.length > MAX_HEADER_BYTES) this.state = "malformed";
      return this.state === "malformed";
    }
    this.#sink = this.#openPart(decoder.decode(this.#rest.subarray(0, end)));
    this.#skip(end + END_OF_HEADERS.length);
    this.state = "content";
    return true;
  }

  #skip(count: number): void {
    this.#rest = this.#rest.subarray(count);
  }
}

/** The position of a pattern that begins with a carriage return; -1 when it is not there. */
function find(bytes: Uint8Array, pattern: Uint8Array): number {
  let at = bytes.indexOf(CARRIAGE_RETURN);
  while (at >= 0 && at + pattern.length <= bytes.length) {
    if (pattern.every((byte, offset) => bytes[at + offset] === byte)) return at;
    at = bytes.indexOf(CARRIAGE_RETURN, at + 1);
  }
  return -1;
}
