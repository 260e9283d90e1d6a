// The recording of a form: its checks as at OpenAI, and its length.
import { measureAudio } from "../../../src/features/transcription/audio/measure-audio.ts";
import type { FormBody } from "../kernel/form.ts";
import { invalidRequest, missingParameter } from "../kernel/errors.ts";

const FORMATS = ["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"];
const MAX_BYTES = 26_214_400;

/** A phone records speech as AAC with 32 kbit/s. */
const COMPRESSED_BYTES_PER_SECOND = 4000;

/** Reads the file. Throws OpenAI's 400 or 413 when it is invalid. */
export async function readRecording({ files }: FormBody): Promise<Uint8Array> {
  const [file] = files.get("file") ?? [];
  if (!file) throw missingParameter("file");
  if (file.size > MAX_BYTES) {
    const message = `Maximum content size limit (${MAX_BYTES}) exceeded (${file.size} bytes read)`;
    throw invalidRequest(message, null, null, 413);
  }
  const extension = file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase();
  if (!FORMATS.includes(extension)) {
    const names = FORMATS.map((name) => `'${name}'`).join(", ");
    throw invalidRequest(`Unrecognized file format. Supported formats: [${names}]`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!isAudio(bytes)) {
    throw invalidRequest("Audio file might be corrupted or unsupported", "file", "invalid_value");
  }
  return bytes;
}

/** Returns the length in seconds, or an estimate by the size where the file proves none. */
export function lengthOf(bytes: Uint8Array): number {
  const measure = measureAudio(bytes);
  return measure.ok ? measure.seconds : bytes.length / COMPRESSED_BYTES_PER_SECOND;
}

/** Tests if a file begins with the magic bytes of a format. */
function isAudio(bytes: Uint8Array): boolean {
  const starts = ["RIFF", "OggS", "fLaC", "\x1a\x45\xdf\xa3"];
  const isFrame = bytes[0] === 0xff && (bytes[1] ?? 0) >= 0xe0;
  return (
    starts.includes(textAt(bytes, 0)) || textAt(bytes, 4) === "ftyp" || textAt(bytes, 0).startsWith("ID3") || isFrame
  );
}

const textAt = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
