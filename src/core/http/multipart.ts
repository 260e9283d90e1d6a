// Multipart forms: parts by their offsets, and a copy-free body with other parts replaced.
// Strict, so that the provider cannot read other fields than Weir does (RFC 7578, RFC 2046).

import { apiError } from "../errors.ts";
import { takeUpload } from "./request-bytes.ts";

/** One part of a form. Its bytes are `form.bytes` from `start` to `end`. */
export interface FormPart {
  name: string;
  /** Present only for files. */
  filename: string | undefined;
  contentType: string | undefined;
  start: number;
  end: number;
  /** The part with its delimiter and headers. */
  from: number;
  to: number;
}

export interface Form {
  bytes: Uint8Array<ArrayBuffer>;
  boundary: string;
  parts: FormPart[];
}

/** The text fields of a form. A name that ends in `[]` has a list. */
export type FormFields = Record<string, string | string[]>;

const MAX_PARTS = 64;
const MAX_HEADER_BYTES = 2048;
/** OpenAI's prompts have up to 32,000 characters. */
const MAX_TEXT_BYTES = 131_072;
/** Characters that RFC 2046 allows, without those that need quotes and spaces. */
const BOUNDARY = /^multipart\/form-data\s*;\s*boundary=(?:"([\w'()+,./:=?-]{1,70})"|([\w'+.-]{1,70}))\s*$/i;
/** Ktor and .NET send names without quotes. .NET repeats the filename as `filename*`. */
const DISPOSITION =
  /^form-data; ?name=("?)([\w.-]{1,64}(?:\[\])?)\1(?:; ?filename=(?:"([^"\\]{0,255})"|([\w.-]{1,255}))(?:; ?filename\*=utf-8''([\w.%-]{1,999}))?)?$/i;
/** Other headers could change how a parser reads the part. */
const HEADERS = new Set(["content-disposition", "content-type", "content-length", "content-transfer-encoding"]);

const CARRIAGE_RETURN = 13;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** One character per byte, so that an index in the text is an index in the bytes. */
const headerDecoder = new TextDecoder("latin1");

/**
 * Reads the multipart form of a request. Throws 415 for another media type, and 400 `invalid_form` for a form that
 * another parser could read differently. Throws the errors of `takeUpload` too.
 */
export async function readForm(request: Request): Promise<Form> {
  const match = BOUNDARY.exec(request.headers.get("content-type") ?? "");
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) {
    throw apiError("unsupported_media_type", "Send a form: content-type must be multipart/form-data with a boundary.");
  }
  return parseForm(await takeUpload(request), boundary);
}

/** Parses a form. Throws 400 `invalid_form`, with a message that says what is wrong. */
export function parseForm(body: Uint8Array<ArrayBuffer>, boundary: string): Form {
  // Some clients begin with the line end of a boundary.
  const bytes = startsWith(body, 0, "\r\n") ? body.subarray(2) : body;
  const find = createSearch(encoder.encode(`\r\n--${boundary}`));
  const delimiterLength = boundary.length + 4;
  const parts: FormPart[] = [];
  // The first delimiter has no line end before it.
  if (!startsWith(bytes, 0, `--${boundary}\r\n`)) throw invalid("does not begin with its boundary");
  if (hasLooseBoundary(bytes, boundary)) throw invalid("has its boundary inside a part");
  for (let from = 0; ;) {
    const headersAt = from + boundary.length + (from === 0 ? 4 : 6);
    const { headers, start } = readHeaders(bytes, headersAt);
    // Go's parser ends a part without content here.
    if (startsWith(bytes, start, `--${boundary}`)) throw invalid("has its boundary inside a part");
    const end = find(bytes, start);
    if (end === -1) throw invalid("has no closing boundary");
    const { name, filename } = readDisposition(headers.get("content-disposition"));
    parts.push({ name, filename, contentType: headers.get("content-type"), start, end, from, to: end });
    if (parts.length > MAX_PARTS) throw invalid(`has more than ${MAX_PARTS} parts`);
    const after = end + delimiterLength;
    if (startsWith(bytes, after, "--")) {
      const rest = bytes.length - after - 2;
      if (rest !== 0 && !(rest === 2 && startsWith(bytes, after + 2, "\r\n"))) throw invalid("goes on after its end");
      break;
    }
    if (!startsWith(bytes, after, "\r\n")) throw invalid("has a boundary without a line end");
    from = end;
  }
  const names = parts.map((part) => part.name);
  const twice = names.find((name, index) => !name.endsWith("[]") && names.indexOf(name) !== index);
  // Parsers differ in which one they take.
  if (twice !== undefined) throw apiError("invalid_form", `'${twice}' is sent twice. Send it once.`, { param: twice });
  return { bytes, boundary, parts };
}

/** Tests if a boundary follows a single LF or CR. Some parsers, such as Werkzeug's, take them for line ends too. */
function hasLooseBoundary(bytes: Uint8Array, boundary: string): boolean {
  if (createSearch(encoder.encode(`\r--${boundary}`))(bytes, 0) !== -1) return true;
  const find = createSearch(encoder.encode(`\n--${boundary}`));
  for (let at = find(bytes, 0); at !== -1; at = find(bytes, at + 1)) {
    if (bytes[at - 1] !== CARRIAGE_RETURN) return true;
  }
  return false;
}

/** Returns the text fields. Throws 400 `invalid_form` when one is too long or not UTF-8. */
export function fieldsOf({ bytes, parts }: Form): FormFields {
  const fields: FormFields = Object.create(null) as FormFields;
  for (const { name, filename, start, end } of parts) {
    if (filename !== undefined) continue;
    const text = textOf(bytes, start, end, name);
    const before = fields[name];
    if (name.endsWith("[]")) fields[name] = Array.isArray(before) ? [...before, text] : [text];
    else fields[name] = text;
  }
  return fields;
}

function textOf(bytes: Uint8Array, start: number, end: number, param: string): string {
  if (end - start > MAX_TEXT_BYTES) {
    throw apiError("invalid_form", `'${param}' is longer than ${MAX_TEXT_BYTES} bytes. Shorten it.`, { param });
  }
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    throw apiError("invalid_form", `'${param}' is not UTF-8 text.`, { param });
  }
}

/**
 * Returns the pieces of a form for the provider, without a copy: the received parts, except those named in `fields`,
 * and then `fields` as parts. An undefined field is left out.
 */
export function formPieces({ bytes, boundary, parts }: Form, fields: Record<string, string | undefined>): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (const { name, from, to } of parts) {
    if (Object.hasOwn(fields, name)) continue;
    // Every part but the first begins with the line end before its delimiter.
    pieces.push(bytes.subarray(pieces.length === 0 && from > 0 ? from + 2 : from, to));
  }
  const added = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const lineEnd = pieces.length > 0 ? "\r\n" : "";
  pieces.push(encoder.encode(`${lineEnd}${added.join("")}--${boundary}--\r\n`));
  return pieces;
}

/** Wraps pieces as the body of a provider request. Each call makes a new stream, for another attempt. */
export function formBody(
  { boundary }: Form,
  pieces: Uint8Array[],
): { body: BodyInit; headers: Record<string, string> } {
  const { readable, writable } = new FixedLengthStream(pieces.reduce((sum, piece) => sum + piece.length, 0));
  void writeAll(writable, pieces).catch(() => undefined);
  return { body: readable, headers: { "content-type": `multipart/form-data; boundary="${boundary}"` } };
}

async function writeAll(writable: WritableStream<Uint8Array>, pieces: Uint8Array[]): Promise<void> {
  const writer = writable.getWriter();
  for (const piece of pieces) await writer.write(piece);
  await writer.close();
}

function readHeaders(bytes: Uint8Array, from: number): { headers: Map<string, string>; start: number } {
  const text = headerDecoder.decode(bytes.subarray(from, from + MAX_HEADER_BYTES));
  const length = text.indexOf("\r\n\r\n");
  if (length === -1) throw invalid("has a part without headers, or with long ones");
  const head = text.slice(0, length);
  const headers = new Map<string, string>();
  for (const line of head.split("\r\n")) {
    const [, name = "", value = ""] = /^([\w-]+):[ \t]*([^\r\n]*?)[ \t]*$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (!HEADERS.has(key) || headers.has(key)) throw invalid("has a part with unknown or repeated headers");
    headers.set(key, value);
  }
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  if (!/^(7bit|8bit|binary)$/i.test(encoding)) throw invalid("has a part with an encoding");
  return { headers, start: from + length + 4 };
}

function readDisposition(value = ""): Pick<FormPart, "name" | "filename"> {
  const [, , name, quoted, plain, encoded] = DISPOSITION.exec(value) ?? [];
  if (name === undefined) throw invalid("has a part whose content-disposition is not a plain name and filename");
  const filename = quoted ?? plain;
  // Parsers differ in which of the two they take, and the extension decides the format.
  if (encoded !== undefined && extensionOf(encoded) !== extensionOf(filename)) throw invalid("has a part of two names");
  return { name, filename };
}

const extensionOf = (filename = "") => /\.(\w+)$/.exec(filename)?.[1]?.toLowerCase();

const startsWith = (bytes: Uint8Array, at: number, text: string) =>
  encoder.encode(text).every((byte, index) => bytes[at + index] === byte);

const invalid = (what: string) =>
  apiError("invalid_form", `The form ${what}. Send it as one multipart/form-data body.`);

/**
 * Creates a search for `wanted` (Horspool). Linear time, because `wanted` begins with a line end and has no other: no
 * two matches of its beginning overlap.
 */
function createSearch(wanted: Uint8Array): (bytes: Uint8Array, from: number) => number {
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
