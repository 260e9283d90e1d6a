// Recordings and forms for the tests of transcription.

export const TRANSCRIPTIONS = "/v1/audio/transcriptions";
export const TRANSLATIONS = "/v1/audio/translations";

const BYTES_PER_SECOND = 8000;
const HEADER_BYTES = 44;

/** A WAV file of silence: 8 bits, mono. */
export function createWav(seconds: number): Uint8Array<ArrayBuffer> {
  const dataBytes = Math.round(seconds * BYTES_PER_SECOND);
  const bytes = new Uint8Array(HEADER_BYTES + dataBytes).fill(128, HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const text = (at: number, word: string) => bytes.set(new TextEncoder().encode(word), at);
  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, BYTES_PER_SECOND, true);
  view.setUint32(28, BYTES_PER_SECOND, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, dataBytes, true);
  return bytes;
}

/** The first bytes of a format whose length cannot be proved. */
export const WEBM = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, ...new Uint8Array(100));

/** A part of a form: a text, a list of texts, or a file. */
export type FormValue = string | string[] | File;

/** A form with these parts, in their order. */
export function createForm(parts: Record<string, FormValue>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    for (const each of Array.isArray(value) ? value : [value]) form.append(name, each);
  }
  return form;
}

/** A form with a recording of ten seconds. */
export const createRecordingForm = (fields: Record<string, FormValue>, seconds = 10): FormData =>
  createForm({ file: new File([createWav(seconds)], "memo.wav", { type: "audio/wav" }), ...fields });
