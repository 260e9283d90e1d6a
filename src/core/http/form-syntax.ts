// The strict syntax of multipart forms: boundary, headers of a part, and the search for delimiters.

import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";

/** The most bytes of a part's headers. */
export const MAX_HEADER_BYTES = 2048;

/** Characters that RFC 2046 allows, without those that need quotes and spaces. */
const BOUNDARY = /^multipart\/form-data\s*;\s*boundary=(?:"([\w'()+,./:=?-]{1,70})"|([\w'+.-]{1,70}))\s*$/i;
/** Ktor and .NET send names without quotes. .NET repeats the filename as `filename*`. */
const DISPOSITION =
  /^form-data; ?name=("?)([\w.-]{1,64}(?:\[\w{0,32}\])?)\1(?:; ?filename=(?:"([^"\\]{0,255})"|([\w.-]{1,255}))(?:; ?filename\*=utf-8''([\w.%-]{1,999}))?)?$/i;
/** Other headers could change how a parser reads the part. */
const HEADERS = new Set(["content-disposition", "content-type", "content-length", "content-transfer-encoding"]);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
/** One character per byte, so that an index in the text is an index in the bytes. */
const byteDecoder = new TextDecoder("latin1");

/** The headers of a part. */
export interface PartHead {
  name: string;
  /** Present only for files. */
  filename: string | undefined;
  contentType: string | undefined;
  /** The offset of the content. */
  start: number;
}

/** Returns the boundary in the headers of a form. Throws 415 for another media type. */
export function formBoundaryOf(headers: Headers): string {
  const match = BOUNDARY.exec(headers.get("content-type") ?? "");
  const boundary = match?.[1] ?? match?.[2];
  if (boundary !== undefined) return boundary;
  throw apiError("unsupported_media_type", "Send a form: content-type must be multipart/form-data with a boundary.");
}

/** Reads the headers of a part, which begin at `from`. Throws 400 `invalid_form`. */
export function readPartHead(bytes: Uint8Array, from: number): PartHead {
  const length = byteDecoder.decode(bytes.subarray(from, from + MAX_HEADER_BYTES)).indexOf("\r\n\r\n");
  if (length === -1) throw invalidForm("has a part without headers, or with long ones");
  const head = decoder.decode(bytes.subarray(from, from + length));
  const headers = new Map<string, string>();
  for (const line of head.split("\r\n")) {
    const [, name = "", value = ""] = /^([\w-]+):[ \t]*([^\r\n]*?)[ \t]*$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (!HEADERS.has(key) || headers.has(key)) throw invalidForm("has a part with unknown or repeated headers");
    headers.set(key, value);
  }
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  if (!/^(7bit|8bit|binary)$/i.test(encoding)) throw invalidForm("has a part with an encoding");
  const disposition = readDisposition(headers.get("content-disposition"));
  return { ...disposition, contentType: headers.get("content-type"), start: from + length + 4 };
}

function readDisposition(value = ""): Pick<PartHead, "name" | "filename"> {
  const [, , name, quoted, plain, encoded] = DISPOSITION.exec(value) ?? [];
  if (name === undefined) throw invalidForm("has a part whose content-disposition is not a plain name and filename");
  const filename = quoted ?? plain;
  // Parsers differ in which of the two they take, and the extension decides the format.
  if (encoded !== undefined && extensionOf(encoded) !== extensionOf(filename)) {
    throw invalidForm("has a part of two names");
  }
  return { name, filename };
}

const extensionOf = (filename = "") => /\.(\w+)$/.exec(filename)?.[1]?.toLowerCase();

/** Tests if `text` is in the bytes at an offset. */
export const hasTextAt = (bytes: Uint8Array, at: number, text: string): boolean =>
  encoder.encode(text).every((byte, index) => bytes[at + index] === byte);

/** Creates the error for a form that breaks the syntax. `what` continues "The form". */
export const invalidForm = (what: string): ApiError =>
  apiError("invalid_form", `The form ${what}. Send it as one multipart/form-data body.`);

/**
 * Creates a search for `text` (Horspool), which returns an offset or -1. Linear time, because `text` begins with a line
 * end and has no other: no two matches of its beginning overlap.
 */
export function createByteSearch(text: string): (bytes: Uint8Array, from: number) => number {
  const wanted = encoder.encode(text);
  const last = wanted.length - 1;
  const shifts = new Uint8Array(256).fill(wanted.length);
  wanted.subarray(0, last).forEach((byte, index) => (shifts[byte] = last - index));
  return (bytes, from) => {
    for (let at = from; at + last < bytes.length; at += shifts[bytes[at + last] ?? 0] ?? 1) {
      let same = 0;
      while (same <= last && bytes[at + same] === wanted[same]) same++;
      if (same > last) return at;
    }
    return -1;
  };
}
