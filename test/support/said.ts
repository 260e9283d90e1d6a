// The text so far of a streamed answer, of any route.

import { readEvents } from "./events.ts";

interface Chunk {
  choices?: { delta?: { content?: string | null }; /** Of completions. */ text?: string }[];
  /** Of Responses. */
  delta?: string;
}

/** Events with text: those without a name, and those of Responses. */
const TEXT_EVENTS = new Set(["text", "response.output_text.delta"]);

export function readSaid(text: string): string {
  const events = readEvents(text).filter(({ name, data }) => TEXT_EVENTS.has(name) && data !== "[DONE]");
  const parts = events.map(({ data }) => JSON.parse(data) as string | Chunk);
  return parts.map((part) => (typeof part === "string" ? part : (part.delta ?? textOf(part.choices?.[0])))).join("");
}

const textOf = (choice: NonNullable<Chunk["choices"]>[number] | undefined) =>
  choice?.delta?.content ?? choice?.text ?? "";
