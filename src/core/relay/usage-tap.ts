// Meters a stream that is passed on untouched: keeps a copy of its bytes, and mostly parses the last 4 KiB only.

import type { Progress } from "./answer.ts";
import { emptyProgress, note } from "./answer.ts";
import type { Dialect } from "./dialect.ts";
import { createEventReader } from "./events.ts";

/** Usage and the end mark stand within that many bytes of the end. */
const TAIL_BYTES = 4096;
/** Beyond this the copy is parsed on the way instead of kept. */
const MOST_KEPT_BYTES = 524_288;
/** Bytes that are decoded at once. */
const PARSED_BYTES = 32_768;

const BLANK_LINE = "\n\n";

export interface UsageTap {
  /** Before `conclude`, only `heard` is reliable; `outputBytes` counts only what had to be parsed. */
  readonly progress: Progress;
  /** Takes bytes, which may be reused afterwards. Throws when the first event is not the dialect's. */
  push(bytes: Uint8Array): void;
  /**
   * Completes the progress: from the tail alone when the usage is there, else from the whole answer. Events that cannot be
   * read are skipped; the first fault is thrown at the end.
   */
  conclude(): void;
}

export function createUsageTap(dialect: Dialect): UsageTap {
  const progress = emptyProgress();
  const read = createEventReader();
  // One buffer that grows, so that a long answer leaves no garbage.
  let buffer = new Uint8Array(TAIL_BYTES);
  let used = 0;
  let fault: unknown;

  const keepFault = (work: () => void) => {
    const isFirst = !progress.heard;
    try {
      work();
    } catch (error) {
      if (isFirst) throw error;
      fault ??= error;
    }
  };
  const parse = (bytes: Uint8Array) =>
    keepFault(() => {
      for (const { data } of read(bytes)) keepFault(() => noteEvent(progress, dialect, data));
    });
  const parseKept = () => {
    for (let from = 0; from < used; from += PARSED_BYTES) {
      parse(buffer.subarray(from, Math.min(used, from + PARSED_BYTES)));
    }
    used = 0;
  };
  return {
    progress,
    push(bytes) {
      // The first event is checked before the caller is promised anything.
      if (!progress.heard) return parse(bytes);
      if (used + bytes.length > MOST_KEPT_BYTES) parseKept();
      if (used + bytes.length > buffer.length) buffer = grown(buffer, used, used + bytes.length);
      buffer.set(bytes, used);
      used += bytes.length;
    },
    conclude() {
      const tail = progressOfTail(buffer.subarray(Math.max(0, used - TAIL_BYTES), used), dialect);
      if (tail?.usage && tail.ended) Object.assign(progress, { ...tail, outputBytes: progress.outputBytes });
      else parseKept();
      if (fault !== undefined) throw fault;
    },
  };
}

function grown(buffer: Uint8Array, used: number, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(2 * buffer.length, needed));
  larger.set(buffer.subarray(0, used));
  return larger;
}

function noteEvent(progress: Progress, dialect: Dialect, data: string | undefined): void {
  if (data === undefined) return;
  progress.heard = true;
  for (const piece of dialect.decode(data).pieces) note(progress, piece);
}

/** What the last events tell; undefined when they cannot be told apart. */
function progressOfTail(bytes: Uint8Array, dialect: Dialect): Progress | undefined {
  // A character that is cut in two stands before the first blank line, where nothing is read.
  const text = new TextDecoder().decode(bytes);
  const start = text.indexOf(BLANK_LINE);
  if (start === -1) return undefined;
  const progress = emptyProgress();
  try {
    const events = createEventReader()(new TextEncoder().encode(text.slice(start + BLANK_LINE.length)));
    for (const { data } of events) noteEvent(progress, dialect, data);
    return progress;
  } catch {
    return undefined;
  }
}
