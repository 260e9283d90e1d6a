// Events as Responses streams them, and whole responses, for tests that write their own stream.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Framing } from "./golden-streams.ts";

type Json = Record<string, unknown>;

/** One event on the wire. */
export const toEvent = (data: Json, { newline }: Pick<Framing, "newline"> = { newline: "\n" }): string =>
  `event: ${String(data.type)}${newline}data: ${JSON.stringify(data)}${newline}${newline}`;

/** A stream's events on the wire, comments included, in order. */
export function toNamedEvents(events: Json[], framing: Framing): string[] {
  const { newline, comments } = framing;
  const written = events.map((event) => toEvent(event, framing));
  return comments ? written.flatMap((event) => [`: keep-alive${newline}${newline}`, event]) : written;
}

export type RecordedName =
  | "text"
  | "tools"
  | "refusal"
  | "multibyte"
  | "incomplete"
  | "reasoning"
  | "error-nested"
  | "error-flat";

/** A recorded stream of test/fixtures, as the data of its events. */
export function recordedResponse(name: RecordedName): Json[] {
  const path = join(import.meta.dirname, "../../fixtures", `responses-${name}.jsonl`);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Json);
}

export const USAGE = {
  input_tokens: 12,
  input_tokens_details: { cached_tokens: 8, cache_write_tokens: 3 },
  output_tokens: 30,
  output_tokens_details: { reasoning_tokens: 16 },
  total_tokens: 42,
};

/** A response object that has come to its end, and whatever else is given. */
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

/** An item of an answer's output that says a text. */
export const messageOf = (...content: Json[]): Json => ({ id: "msg_1", type: "message", role: "assistant", content });
