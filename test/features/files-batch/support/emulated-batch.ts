// Files and batches of the emulated provider, without a socket. The time of a batch is an argument.

import type { Batch, FileObject } from "openai/resources";
import { readJson, send } from "../../../provider/support/client.ts";
import { passTime } from "../../../support/clock.ts";

/** Uploads a text. The fields replace the purpose `batch`. */
export async function upload(text: string, fields: Record<string, string> = {}, name = "in.jsonl"): Promise<Response> {
  const form = new FormData();
  for (const [field, value] of Object.entries({ purpose: "batch", ...fields })) form.append(field, value);
  form.append("file", new Blob([text]), name);
  return send("POST", "/v1/files", undefined, { body: form, headers: { authorization: "Bearer key" } });
}

/** Uploads a text, and returns the file's id. */
export const uploaded = async (text: string, fields?: Record<string, string>) =>
  (await readJson<FileObject>(await upload(text, fields))).id;

/** Lines with these bodies, named `line-1` and so on. */
export const linesOf = (bodies: object[], url = "/v1/chat/completions") =>
  bodies
    .map((body, index) => `${JSON.stringify({ custom_id: `line-${index + 1}`, method: "POST", url, body })}\n`)
    .join("");

/** Creates a batch of a text's lines, under the script. */
export async function createBatch(text: string, script: object, endpoint = "/v1/chat/completions"): Promise<Batch> {
  const metadata = { emulate: JSON.stringify(script) };
  const body = { input_file_id: await uploaded(text), endpoint, completion_window: "24h", metadata };
  return readJson<Batch>(await send("POST", "/v1/batches", body));
}

/** The batch that many seconds later. More than 0 stops the date. */
export async function later(seconds: number, { id }: Batch): Promise<Batch> {
  if (seconds > 0) passTime(seconds * 1000);
  return readJson<Batch>(await send("GET", `/v1/batches/${id}`));
}

export interface OutputLine {
  id: string;
  custom_id: string;
  response: { status_code: number; request_id: string; body: { usage?: Record<string, number> } & object } | null;
  error: { code: string } | null;
}

/** The lines of a file, in the order of the input. */
export async function readOutput(fileId: string | null | undefined): Promise<OutputLine[]> {
  const text = await (await send("GET", `/v1/files/${fileId}/content`)).text();
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as OutputLine);
  return lines.toSorted((one, other) => one.custom_id.localeCompare(other.custom_id, "en", { numeric: true }));
}
