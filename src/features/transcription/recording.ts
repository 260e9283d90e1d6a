// The uploaded recording: the one file of a form, its format, and the seconds that its bytes prove.

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

/** Extensions that OpenAI recognizes. It refuses a file with another one. */
const EXTENSION = /\.(flac|m4a|mp3|mp4|mpeg|mpga|oga|ogg|wav|webm)$/i;

const encoder = new TextEncoder();
const LINE_END = encoder.encode("\r\n");
const NO_BYTES = new Uint8Array(0);

/**
 * Finds and measures the recording of a form. Throws 400 when there is not exactly one file, and `unsupported_format`
 * when it is no audio, or not the audio that its name and type promise.
 */
export function takeRecording(form: Form): Recording {
  const param = "file";
  const part = form.parts.find(({ name }) => name === param);
  if (!part) throw apiError("invalid_request", "'file' is required. Send the recording in it.", { param });
  if (part.filename === undefined) {
    const message = "'file' has no filename. Add one to the headers of its part, such as recording.m4a.";
    throw apiError("invalid_request", message, { param });
  }
  // A provider could read another field from a file than Weir does.
  const other = form.parts.find((each) => each !== part && each.filename !== undefined);
  if (other) {
    const message = `'${other.name}' must be a text, without a filename. Only 'file' is a file.`;
    throw apiError("invalid_request", message, { param: other.name });
  }
  const measure = measureAudio(form.bytes.subarray(part.start, part.end));
  const { format } = measure;
  if (format === undefined) {
    throw apiError("unsupported_format", `'file' has no known format. Send one of: ${MEASURABLE_FORMATS}.`, { param });
  }
  if (!matchesName(format, part.filename, part.contentType)) {
    const message = `'file' is ${format} audio, but its name or type says otherwise. Change its name and type.`;
    throw apiError("unsupported_format", message, { param });
  }
  return { form, part, format, measure };
}

/**
 * Writes the form for the provider with other `fields`, as `formPieces` does. The file's bytes are not copied. A name
 * without a known extension, such as `blob` of a browser, is replaced.
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

/** Frees the memory of the file. No attempt may follow. */
export function releaseRecording({ form }: Recording): void {
  form.bytes = NO_BYTES;
}
