// Reads the lines of a batch's output file one by one. A line with vectors or images can be longer than the memory.

import { concatBytes, LINE_FEED } from "../../core/relay/byte-buffers.ts";

/** A line of an output file. */
export interface OutputLine {
  /** The whole line, or the first 64 KiB of a longer one. */
  text: string;
  /** The last 64 KiB of a line that is too long to be held; undefined for other lines. */
  tail?: string;
}

/** Longer lines are not held. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const END_BYTES = 64 * 1024;

const decoder = new TextDecoder();

/** Reads the lines of a body. Empty lines are left out. Rejects when the body breaks off. */
export async function* readOutputLines(body: ReadableStream<Uint8Array>): AsyncGenerator<OutputLine> {
  let line = openLine();
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      line.add(chunk.subarray(start, end));
      yield* line.end();
      line = openLine();
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  yield* line.end();
}

/** Collects the parts of a line. Of a long line it keeps both ends. */
function openLine() {
  let parts: Uint8Array[] = [];
  let held = 0;
  let head: string | undefined;
  return {
    add(part: Uint8Array): void {
      if (part.length === 0) return;
      parts.push(part);
      held += part.length;
      if (held <= MAX_LINE_BYTES) return;
      const bytes = concatBytes(parts);
      head ??= decoder.decode(bytes.subarray(0, END_BYTES));
      parts = [bytes.slice(-END_BYTES)];
      held = END_BYTES;
    },
    end(): OutputLine[] {
      const bytes = concatBytes(parts);
      if (head !== undefined) return [{ text: head, tail: decoder.decode(bytes.subarray(-END_BYTES)) }];
      const text = decoder.decode(bytes);
      return text.trim() === "" ? [] : [{ text }];
    },
  };
}
