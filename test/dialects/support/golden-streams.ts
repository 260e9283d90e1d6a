// Recorded chat streams: one chunk's JSON per line in test/fixtures, framed here as server-sent events.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export type GoldenName = "chat-text" | "chat-tools" | "chat-refusal" | "chat-error" | "chat-multibyte";

/** How events are written: what ends a line, and what stands between two events. */
export interface Framing {
  newline: "\n" | "\r\n" | "\r";
  comments: boolean;
}

export const FRAMINGS: Record<string, Framing> = {
  "as OpenAI sends it": { newline: "\n", comments: false },
  "with CRLF and comments in between": { newline: "\r\n", comments: true },
};

const encoder = new TextEncoder();

/** The chunks of a stream. An answer that did not break off has `[DONE]` at its end. */
export function goldenData(name: GoldenName): string[] {
  const lines = readFileSync(join(import.meta.dirname, "../../fixtures", `${name}.jsonl`), "utf8")
    .trimEnd()
    .split("\n");
  return lines.at(-1)?.startsWith('{"error"') ? lines : [...lines, "[DONE]"];
}

/** Each event as it is written on the wire, comments included, in order. */
export function toEvents(data: string[], { newline, comments }: Framing): string[] {
  const events = data.map((line) => `data: ${line}${newline}${newline}`);
  return comments ? events.flatMap((event) => [`: keep-alive${newline}${newline}`, event]) : events;
}

export const toBytes = (events: string[]): Uint8Array => encoder.encode(events.join(""));
