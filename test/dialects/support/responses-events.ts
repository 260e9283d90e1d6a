// Events of Responses, whole responses, and the recorded streams of test/fixtures.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Json = Record<string, unknown>;

/** One event on the wire. */
export const toEvent = (data: Json): string => `event: ${String(data.type)}\ndata: ${JSON.stringify(data)}\n\n`;

const recordedLines = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../fixtures", `${name}.jsonl`), "utf8")
    .trimEnd()
    .split("\n");

/** The events of a recorded Responses stream. */
export const recordedResponse = (name: string): Json[] =>
  recordedLines(`responses-${name}`).map((line) => JSON.parse(line) as Json);

/** The events of a recorded chat stream on the wire. A stream that did not fail ends with `[DONE]`. */
export function recordedChat(name: string): string[] {
  const lines = recordedLines(`chat-${name}`);
  const data = lines.at(-1)?.startsWith('{"error"') ? lines : [...lines, "[DONE]"];
  return data.map((line) => `data: ${line}\n\n`);
}

export const USAGE = {
  input_tokens: 12,
  input_tokens_details: { cached_tokens: 8, cache_write_tokens: 3 },
  output_tokens: 30,
  output_tokens_details: { reasoning_tokens: 16 },
  total_tokens: 42,
};

/** A completed response, with changed fields. */
export const responseOf = (changes: Json = {}): Json => ({
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "o4-mini-2025-04-16",
  output: [],
  usage: USAGE,
  error: null,
  incomplete_details: null,
  metadata: {},
  ...changes,
});

/** A message of an answer's output. */
export const messageOf = (...content: Json[]): Json => ({ id: "msg_1", type: "message", role: "assistant", content });
