// The uploaded recording: the file of a form, its format and its duration.

import { apiError } from "../../core/errors.ts";
import type { OutgoingBody } from "../../core/gateway/exchange.ts";
import type { Form, FormPart } from "../../core/http/multipart.ts";
import { formBody, formPieces } from "../../core/http/multipart.ts";
import type { AudioMeasure, SniffedFormat } from "./audio/measure-audio.ts";
import { matchesName, MEASURABLE_FORMATS, measureAudio } from "./audio/measure-audio.ts";

export interface Recording {
  form: Form;
  part: FormPart;
  format: SniffedFormat;
  measure: AudioMeasure;
}

/** The extensions that OpenAI accepts. */
const EXTENSION = /\.(flac|m4a|mp3|mp4|mpeg|mpga|oga|ogg|wav|webm)$/i;

const encoder = new TextEncoder();
const LINE_END = encoder.encode("\r\n");
const NO_BYTES = new Uint8Array(0);

/**
 * Finds and measures the recording of a form. Throws 400 when the form does not have exactly one file. Throws
 * `unsupported_format` when its format is unknown, or does not match its name and type.
 */
export function takeRecording(form: Form): Recording {
  const param = "file";
  const part = form.parts.find(({ name }) => name === param);
  if (!part) throw apiError("invalid_request", "'file' is required. Send the recording as this field.", { param });
  if (part.filename === undefined) {
    const message = "'file' has no filename. Send one with the file, such as recording.m4a.";
    throw apiError("invalid_request", message, { param });
  }
  // Weir validates only texts, and a provider could read a field from a file.
  const other = form.parts.find((each) => each !== part && each.filename !== undefined);
  if (other) {
    const message = `'${other.name}' must be a text. Send it without a filename.`;
    throw apiError("invalid_request", message, { param: other.name });
  }
  const measure = measureAudio(form.bytes.subarray(part.start, part.end));
  const { format } = measure;
  if (format === undefined) {
    throw apiError("unsupported_format", `'file' has an unknown format. Send one of: ${MEASURABLE_FORMATS}.`, {
      param,
    });
  }
  if (!matchesName(format, part.filename, part.contentType)) {
    const message = `'file' is ${format} audio, but its name or type is of another format. Correct them.`;
    throw apiError("unsupported_format", message, { param });
  }
  return { form, part, format, measure };
}

/**
 * Writes the form for the provider, with other `fields` as in `formPieces`, and without a copy of the file. Replaces a
 * filename without a known extension: browsers send `blob`.
 */
export function writeRecording(
  { form, part, format }: Recording,
  fields: Record<string, string | undefined>,
): OutgoingBody {
  if (EXTENSION.test(part.filename ?? "")) return formBody(form, formPieces(form, fields));
  const type = part.contentType ?? `audio/${format}`;
  const disposition = `form-data; name="file"; filename="audio.${format}"`;
  const head = `--${form.boundary}\r\ncontent-disposition: ${disposition}\r\ncontent-type: ${type}\r\n\r\n`;
  return formBody(form, [
    encoder.encode(head),
    form.bytes.subarray(part.start, part.end),
    LINE_END,
    ...formPieces(form, { ...fields, file: undefined }),
  ]);
}

/** Frees the memory of the file. The request cannot be sent again after it. */
export function releaseRecording({ form }: Recording): void {
  form.bytes = NO_BYTES;
}
