// The lines of a JSONL file.
import { LINE_FEED } from "../../../src/core/relay/byte-buffers.ts";
import { isObject, type JsonObject } from "../kernel/body.ts";
import type { Content } from "./content.ts";

/** The place of a line in the file. */
export interface LinePlace {
  /** The first line is 1. */
  number: number;
  start: number;
  end: number;
}

/** The lines that are not blank. */
export function* linesOf(content: Content): Generator<LinePlace> {
  let start = 0;
  for (let number = 1; start < content.length; number++) {
    const end = content.indexOf(LINE_FEED, start);
    const isBlank = end - start < 3 && /^\s*$/.test(readText(content, { start, end }));
    if (!isBlank) yield { number, start, end };
    start = end + 1;
  }
}

/** The text of a line, without its end. */
export function readText(content: Content, { start, end }: Omit<LinePlace, "number">): string {
  return new TextDecoder().decode(content.slice(start, end));
}

/** A line as a JSON object; undefined when it is not one. */
export function parseLine(content: Content, place: LinePlace): JsonObject | undefined {
  try {
    const line: unknown = JSON.parse(readText(content, place));
    return isObject(line) ? line : undefined;
  } catch {
    return undefined;
  }
}
