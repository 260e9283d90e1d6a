// What metering needs of an answer that is passed on unread: its bytes are kept, and at the end mostly the tail is parsed.

import type { Dialect, Progress } from "./answer.ts";
import { emptyProgress, note } from "./answer.ts";
import { createEventReader } from "./events.ts";

/** An answer's last words, where usage and the end are told, are in so many bytes. */
const TAIL_BYTES = 4096;
/** More than this is not kept, but read on the way. */
const MOST_KEPT_BYTES = 524_288;
/** So much is made into text at once. */
const PARSED_BYTES = 32_768;

const BLANK_LINE = "\n\n";

export interface Aside {
  /** Before `conclude` it is known whether anything was heard; `outputBytes` only ever of what had to be parsed. */
  readonly progress: Progress;
  /** Takes bytes, which may be reused afterwards. Throws when the first event is not the dialect's. */
  push(bytes: Uint8Array): void;
  /**
   * Completes the progress: of an answer with usage by its tail alone, of any other by all of it. An event that cannot
   * be read is left out; the first fault is thrown when all is done.
   */
  conclude(): void;
}

export function createAside(dialect: Dialect): Aside {
  const progress = emptyProgress();
  const read = createEventReader();
  // One buffer that grows, so that a long answer leaves no garbage.
  let buffer = new Uint8Array(TAIL_BYTES);
  let used = 0;
  let fault: unknown;

  const noteFault = (work: () => void) => {
    const isFirst = !progress.heard;
    try {
      work();
    } catch (error) {
      if (isFirst) throw error;
      fault ??= error;
    }
  };
  const parse = (bytes: Uint8Array) =>
    noteFault(() => {
      for (const { data } of read(bytes)) noteFault(() => noteEvent(progress, dialect, data));
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
      // The first event is looked at before anything is promised.
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
  for (const piece of dialect(data)) note(progress, piece);
}

/** What the last events say; undefined where they cannot be told apart. */
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
