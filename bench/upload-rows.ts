// The uploads of `npm run bench:media`: a recording, and files of 100 MB.

import { silentWav } from "./attack-media-rows.ts";
import type { BenchRequest } from "./requests.ts";
import { BATCH_MODEL } from "./requests.ts";

export const MB = 1_000_000;
export const RECORDING_MB = 10;
export const FILE_MB = 100;

const SECONDS_OF_A_MB = MB / 16_000;
const BOUNDARY = "bench-boundary";
/** Lines of a batch file. OpenAI allows 50,000. */
const LINES = 50_000;
const JSON_END = /\}\s*$/;

const field = (name: string, more: string, content: Buffer) => [
  Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n`),
  content,
  Buffer.from("\r\n"),
];

const upload = (path: string, fields: Buffer[][]): BenchRequest => ({
  path,
  body: Buffer.concat([...fields.flat(), Buffer.from(`--${BOUNDARY}--\r\n`)]),
  headers: () => ({ "content-type": `multipart/form-data; boundary=${BOUNDARY}` }),
  status: 200,
  ending: JSON_END,
});

export const recordingUpload = upload("/v1/audio/transcriptions", [
  field(
    "file",
    '; filename="silence.wav"\r\ncontent-type: audio/wav',
    Buffer.from(silentWav(RECORDING_MB * SECONDS_OF_A_MB)),
  ),
  field("model", "", Buffer.from("gpt-4o-mini-transcribe")),
]);

const fileUpload = (filename: string, content: Buffer, purpose: string) =>
  upload("/v1/files", [field("purpose", "", Buffer.from(purpose)), field("file", `; filename="${filename}"`, content)]);

/** A file that no scan reads. */
export const plainUpload = fileUpload("water.bin", Buffer.alloc(FILE_MB * MB, "water "), "user_data");

/** A batch with as many lines as possible. */
export const batchUpload = fileUpload("batch.jsonl", Buffer.from(batchLines()), "batch");

function batchLines(): string {
  const bytes = (FILE_MB * MB) / LINES - batchLine(LINES, "").length;
  const content = "The river is low. ".repeat(bytes).slice(0, bytes);
  return Array.from({ length: LINES }, (_, index) => batchLine(index, content)).join("");
}

function batchLine(index: number, content: string): string {
  const body = { model: BATCH_MODEL, messages: [{ role: "user", content }], max_completion_tokens: 100 };
  return `${JSON.stringify({ custom_id: `line-${index}`, method: "POST", url: "/v1/chat/completions", body })}\n`;
}
