// The usage tap: extracts usage from a pass-through stream.
// Usually it parses only the last 4 KiB of the copied bytes.

import type { Progress } from "./answer.ts";
import { applyPiece, emptyProgress, isOverGrant } from "./answer.ts";
import { createGrowingBuffer, LINE_FEED } from "./byte-buffers.ts";
import type { Dialect } from "./dialect.ts";
import type { EventReader } from "./events.ts";
import { createEventReader } from "./events.ts";

/** Usage and the end mark are within this many bytes of the end. */
const TAIL_BYTES = 4096;
/** A longer copy is parsed and discarded while the stream continues. */
const MAX_COPIED_BYTES = 524_288;
/** Bytes per decoding step. */
const PARSE_BYTES = 32_768;

const BLANK_LINE = "\n\n";

export interface UsageTap {
  /** Before `finish`, only `heard` and `begun` are reliable. `outputBytes` counts only parsed events. */
  readonly progress: Progress;
  /** The JSON of the first event. */
  readonly first: unknown;
  /** Copies bytes. Throws when the first event is not valid in the dialect. */
  push(bytes: Uint8Array): void;
  /**
   * Completes the progress from the last 4 KiB if the usage is there, else from the whole answer. Skips invalid events
   * and throws the first error at the end.
   */
  finish(): void;
  /** Tests if the answer is longer than granted. Parses the copy only when it has more events than granted tokens. */
  isOverGrant(grantedOutput: number): boolean;
}

export function createUsageTap(dialect: Dialect): UsageTap {
  const progress = emptyProgress();
  const reader = createEventReader();
  const copy = createGrowingBuffer();
  let firstError: unknown;
  let first: unknown;
  /** Events that were not parsed when they arrived, counted by their blank lines. */
  let events = 0;
  let parsedAt = 0;

  const collectError = (parseStep: () => void) => {
    const isFirst = !progress.heard;
    try {
      parseStep();
    } catch (error) {
      if (isFirst) throw error;
      firstError ??= error;
    }
  };
  const parse = (bytes: Uint8Array) =>
    collectError(() => {
      for (const { data } of reader.read(bytes)) {
        collectError(() => {
          const json = applyEvent(progress, dialect, data);
          first ??= json;
        });
      }
    });
  const parseCopy = () => {
    const bytes = copy.take(copy.length);
    for (let from = 0; from < bytes.length; from += PARSE_BYTES) parse(bytes.subarray(from, from + PARSE_BYTES));
  };
  return {
    progress,
    get first() {
      return first;
    },
    push(bytes) {
      // The first event is checked before the response starts. The first text changes the deadline.
      if (!progress.begun) return parse(bytes);
      events += countBlankLines(bytes);
      if (copy.length + bytes.length > MAX_COPIED_BYTES) parseCopy();
      copy.append(bytes);
    },
    finish() {
      const tail = parseTail(copy.from(Math.max(0, copy.length - TAIL_BYTES)), dialect);
      if (tail?.usage && tail.ended) Object.assign(progress, { ...tail, outputBytes: progress.outputBytes });
      else {
        parseCopy();
        flushTo(progress, dialect, reader);
      }
      if (firstError !== undefined) throw firstError;
    },
    isOverGrant(grantedOutput) {
      if (events <= parsedAt + grantedOutput) return false;
      parsedAt = events;
      parseCopy();
      return isOverGrant(progress, grantedOutput);
    },
  };
}

/** Applies an event to the progress and returns its JSON. */
function applyEvent(progress: Progress, dialect: Dialect, data: string | undefined): unknown {
  if (data === undefined) return undefined;
  const { pieces, json } = dialect.decode(data);
  progress.heard = true;
  for (const piece of pieces) applyPiece(progress, piece);
  return json;
}

/** Applies the last event when its blank line is missing. Drops it when the stream ended inside it. */
function flushTo(progress: Progress, dialect: Dialect, reader: EventReader): void {
  try {
    for (const { data } of reader.flush()) applyEvent(progress, dialect, data);
  } catch {
    // The event is cut, so the answer is not complete, or it was complete before.
  }
}

/** Counts the blank lines after LF. A blank line that is split between reads is not counted. */
function countBlankLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (bytes[at + 1] === LINE_FEED) count += 1;
  }
  return count;
}

/** Parses the last events; undefined when they cannot be separated or are not valid. */
function parseTail(bytes: Uint8Array, dialect: Dialect): Progress | undefined {
  // A split character can only be before the first blank line, and that part is skipped.
  const text = new TextDecoder().decode(bytes);
  const start = text.indexOf(BLANK_LINE);
  if (start === -1) return undefined;
  const progress = emptyProgress();
  try {
    const reader = createEventReader();
    const events = reader.read(new TextEncoder().encode(text.slice(start + BLANK_LINE.length)));
    for (const { data } of events) applyEvent(progress, dialect, data);
    flushTo(progress, dialect, reader);
    return progress;
  } catch {
    return undefined;
  }
}
