// Multipart forms: parts by their offsets, and a copy-free body with other parts replaced.
// Strict, so that the provider cannot read other fields than Weir does (RFC 7578, RFC 2046).

import { apiError } from "../errors.ts";
import type { PartHead } from "./form-syntax.ts";
import { createByteSearch, formBoundaryOf, hasTextAt, invalidForm, readPartHead } from "./form-syntax.ts";
import { takeUpload } from "./request-bytes.ts";

/** One part of a form. Its content is `form.bytes` from `start` to `end`. */
export interface FormPart extends PartHead {
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
/** OpenAI's prompts have up to 32,000 characters. */
const MAX_TEXT_BYTES = 131_072;

const CARRIAGE_RETURN = 13;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the multipart form of a request. Throws 415 for another media type, and 400 `invalid_form` for a form that
 * another parser could read differently. Throws the errors of `takeUpload` too.
 */
export async function readForm(request: Request): Promise<Form> {
  const boundary = formBoundaryOf(request.headers);
  return parseForm(await takeUpload(request), boundary);
}

/** Parses a form. Throws 400 `invalid_form`, with a message that says what is wrong. */
export function parseForm(body: Uint8Array<ArrayBuffer>, boundary: string): Form {
  // Some clients begin with the line end of a boundary.
  const bytes = hasTextAt(body, 0, "\r\n") ? body.subarray(2) : body;
  const find = createByteSearch(`\r\n--${boundary}`);
  const delimiterLength = boundary.length + 4;
  const parts: FormPart[] = [];
  // The first delimiter has no line end before it.
  if (!hasTextAt(bytes, 0, `--${boundary}\r\n`)) throw invalidForm("does not begin with its boundary");
  if (hasLooseBoundary(bytes, boundary)) throw invalidForm("has its boundary inside a part");
  for (let from = 0; ;) {
    const headersAt = from + boundary.length + (from === 0 ? 4 : 6);
    const { start, ...head } = readPartHead(bytes, headersAt);
    // Go's parser ends a part without content here.
    if (hasTextAt(bytes, start, `--${boundary}`)) throw invalidForm("has its boundary inside a part");
    const end = find(bytes, start);
    if (end === -1) throw invalidForm("has no closing boundary");
    parts.push({ ...head, start, end, from, to: end });
    if (parts.length > MAX_PARTS) throw invalidForm(`has more than ${MAX_PARTS} parts`);
    const after = end + delimiterLength;
    if (hasTextAt(bytes, after, "--")) {
      const rest = bytes.length - after - 2;
      if (rest !== 0 && !(rest === 2 && hasTextAt(bytes, after + 2, "\r\n")))
        throw invalidForm("goes on after its end");
      break;
    }
    if (!hasTextAt(bytes, after, "\r\n")) throw invalidForm("has a boundary without a line end");
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
  if (createByteSearch(`\r--${boundary}`)(bytes, 0) !== -1) return true;
  const find = createByteSearch(`\n--${boundary}`);
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
