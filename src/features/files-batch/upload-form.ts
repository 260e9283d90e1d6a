// The form of an upload: checks its parts while they arrive, and puts the stamp into the name of the file.

import type { Plan } from "../../core/catalog/schema.ts";
import type { ApiError } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { concatBytes } from "../../core/relay/byte-buffers.ts";
import type { FileScan } from "./file-scan.ts";
import { createFileScan } from "./file-scan.ts";
import type { FormEvent } from "./form-events.ts";
import type { FieldName, Purpose } from "./upload-fields.ts";
import type { UploadRoom } from "./upload-limits.ts";
import { isFieldName, purposeIn, requireField } from "./upload-fields.ts";

/** All fields have shorter values. */
const MAX_FIELD_BYTES = 64;
/** File systems allow 255 bytes, and the stamp is a part of the name at the provider. */
const MAX_FILENAME_BYTES = 200;

/** A form that was received in full. */
export interface ReceivedForm {
  purpose: Purpose;
  filename: string;
  /** The bytes of the file. */
  bytes: number;
  facts: string | undefined;
}

export interface UploadForm {
  /** The headers of the file have arrived. */
  readonly hasFile: boolean;
  /** Bytes that the stamp adds to the form. Known once it has the file. */
  readonly addedBytes: number;
  /** Checks an event. Returns its bytes for the provider. Throws 400, 413 and 429. */
  take(event: FormEvent): Promise<Uint8Array>;
  /** Returns the form before its closing delimiter goes to the provider. Throws 400. */
  conclude(): Promise<ReceivedForm>;
}

interface UploadTerms {
  plan: Plan;
  stamp: string;
  maxFileBytes: number;
  room: UploadRoom;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type PartEvent = Extract<FormEvent, { kind: "part" }>;

/** Creates the form of one upload. */
export function createUploadForm(caller: Caller, { plan, stamp, maxFileBytes, room }: UploadTerms): UploadForm {
  const fields = new Map<FieldName, string>();
  let field: { name: FieldName; bytes: Uint8Array } | undefined;
  let file: { filename: string; bytes: number; scan: FileScan } | undefined;
  let addedBytes = 0;

  const endField = () => {
    if (!field) return;
    const { name, bytes } = field;
    const text = toText(bytes, name);
    requireField(name, text);
    fields.set(name, text);
    field = undefined;
  };

  const beginPart = (event: PartEvent): Uint8Array => {
    const { name, filename } = event.head;
    endField();
    if (name === "file") {
      if (file) throw repeated(name);
      const own = requireFilename(filename);
      const purpose = fields.get("purpose") as Purpose | undefined;
      file = { filename: own, bytes: 0, scan: createFileScan(caller, plan, { filename: own, purpose }) };
      const head = stampedHead(event, `${stamp}${own}`);
      addedBytes = head.length - event.bytes.length;
      return head;
    }
    if (!isFieldName(name)) throw formFault(name, "is not a field of this form. Leave it out.");
    if (filename !== undefined) throw formFault(name, "must be a text, without a filename.");
    if (fields.has(name)) throw repeated(name);
    field = { name, bytes: new Uint8Array(0) };
    return event.bytes;
  };

  const addContent = async (bytes: Uint8Array) => {
    if (field) {
      if (field.bytes.length + bytes.length > MAX_FIELD_BYTES) {
        throw formFault(field.name, `is longer than ${MAX_FIELD_BYTES} bytes. Shorten it.`);
      }
      field.bytes = concatBytes([field.bytes, bytes]);
    } else if (file) {
      file.bytes += bytes.length;
      if (file.bytes > maxFileBytes) throw fileTooLarge(maxFileBytes);
      await room.hold(file.bytes);
      await file.scan.add(bytes);
    }
  };

  return {
    get hasFile() {
      return file !== undefined;
    },
    get addedBytes() {
      return addedBytes;
    },
    async take(event) {
      if (event.kind === "part") return beginPart(event);
      if (event.kind === "content") await addContent(event.bytes);
      return event.bytes;
    },
    async conclude() {
      endField();
      if (!file) throw apiError("invalid_request", "'file' is required.", { param: "file" });
      const purpose = purposeIn(fields);
      const facts = await file.scan.conclude(purpose);
      return { purpose, filename: file.filename, bytes: file.bytes, facts };
    },
  };
}

/** Creates the 413 for a file of more than `maxBytes`. */
export const fileTooLarge = (maxBytes: number): ApiError =>
  apiError("body_too_large", `The file is larger than ${maxBytes} bytes. Send a smaller one.`, { param: "file" });

/** Writes the headers of the file with another name. A repeated `filename*` and other headers are left out. */
function stampedHead({ bytes, headersAt, head }: PartEvent, filename: string): Uint8Array {
  const type = head.contentType !== undefined && /^[\x20-\x7e]+$/.test(head.contentType) ? head.contentType : undefined;
  const lines = [
    `content-disposition: form-data; name="file"; filename="${filename}"`,
    ...(type === undefined ? [] : [`content-type: ${type}`]),
  ];
  return concatBytes([bytes.subarray(0, headersAt), encoder.encode(`${lines.join("\r\n")}\r\n\r\n`)]);
}

function requireFilename(filename: string | undefined): string {
  if (filename === undefined || filename === "") throw formFault("file", "must be a file with a name.");
  // An unreadable byte became U+FFFD when the headers were read.
  if (/\p{Cc}|\ufffd/u.test(filename)) throw formFault("file", "must have a name of printable UTF-8 text.");
  if (encoder.encode(filename).length > MAX_FILENAME_BYTES) {
    throw formFault("file", `has a name of more than ${MAX_FILENAME_BYTES} bytes. Shorten it.`);
  }
  return filename;
}

function toText(bytes: Uint8Array, name: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw formFault(name, "is not UTF-8 text.");
  }
}

const repeated = (name: string) => formFault(name, "is sent twice. Send it once.");

const formFault = (name: string, what: string) => apiError("invalid_form", `'${name}' ${what}`, { param: name });
