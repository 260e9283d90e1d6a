// Codec for streamed images: passes events of any size unchanged, and reads only their beginning and end.

import { readProviderError } from "../../core/gateway/provider-error-body.ts";
import type { Usage } from "../../core/relay/answer.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import { concatBytes, createGrowingBuffer, LINE_FEED } from "../../core/relay/byte-buffers.ts";
import type { Codec } from "../../core/relay/codec.ts";

/** An event is held until it is known to be an image, because it can be an error. Longer events are images. */
const MAX_HELD_BYTES = 8192;
/** Usage is within this many bytes of the end of an event. */
const TAIL_BYTES = 4096;

const CARRIAGE_RETURN = 13;
const NO_BYTES = new Uint8Array(0);

/** Text of a prompt cannot match these, because JSON escapes its quotes. */
const IMAGE = /"type"\s*:\s*"image_(generation|edit)\.(partial_image|completed)"/;
const COMPLETED = /"type"\s*:\s*"image_(generation|edit)\.completed"|^event:\s*image_(generation|edit)\.completed\s*$/m;
const DATA_LINE = /^data:/m;
const OBJECT_END = /\}\s*$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Creates the codec of one stream. `usageIn` extracts the usage from text of the last event. A stream that ends inside
 * an event has no closing event, so that the caller's connection is cut.
 */
export function createImageEvents(usageIn: (text: string) => Usage | undefined): Codec {
  const progress = emptyProgress();
  const ready: Uint8Array[] = [];
  const held = createGrowingBuffer();
  /** The text at the beginning of the event that is passing; undefined while the event is held. */
  let head: string | undefined;
  let tail: Uint8Array = NO_BYTES;
  /** The current line is empty so far. */
  let isBlankLine = true;

  /** Returns the position after the next blank line; -1 when there is none. */
  const findEventEnd = (bytes: Uint8Array, from: number): number => {
    for (let start = from; ;) {
      const lineEnd = bytes.indexOf(LINE_FEED, start);
      const end = lineEnd === -1 ? bytes.length : lineEnd;
      isBlankLine &&= end === start || (end === start + 1 && bytes[start] === CARRIAGE_RETURN);
      if (lineEnd === -1) return -1;
      if (isBlankLine) return lineEnd + 1;
      isBlankLine = true;
      start = lineEnd + 1;
    }
  };
  const passImage = (bytes: Uint8Array) => {
    ready.push(bytes);
    progress.outputBytes += bytes.length;
    progress.heard = true;
  };
  const add = (bytes: Uint8Array) => {
    if (head !== undefined) {
      passImage(bytes.slice());
      tail = lastBytes(tail, bytes);
      return;
    }
    held.append(bytes);
    const text = decoder.decode(held.from(0));
    if (held.length <= MAX_HELD_BYTES && !IMAGE.test(text)) return;
    const start = held.take(held.length);
    head = text;
    tail = lastBytes(NO_BYTES, start);
    if (COMPLETED.test(text)) progress.begun = true;
    passImage(start);
  };
  /** Returns the end of the unfinished event, and the facts in it. The text of a held event is complete. */
  const readEnd = () => {
    const end = decoder.decode(head === undefined ? held.from(0) : tail);
    const isCompleted = COMPLETED.test(head ?? "") || COMPLETED.test(end);
    const error = head === undefined && !isCompleted ? readProviderError(end) : undefined;
    return { end, isCompleted, error };
  };
  /** Reads the event that has ended, and releases it unless it is an error: the message can name the operator. */
  const closeEvent = () => {
    const { end, isCompleted, error } = readEnd();
    const start = head ?? "";
    const bytes = held.take(held.length);
    head = undefined;
    tail = NO_BYTES;
    if (error) progress.heard = true;
    else if (bytes.length > 0 && DATA_LINE.test(end)) passImage(bytes);
    else ready.push(bytes);
    if (!error && !isCompleted) return;
    const usage = usageIn(end) ?? usageIn(start);
    if (usage) progress.usage = usage;
    if (error) progress.error = error;
    else progress.finish = "stop";
    progress.begun = true;
    progress.ended = true;
  };
  return {
    progress,
    pace: "bulk",
    push(bytes) {
      for (let from = 0; from < bytes.length && !progress.ended;) {
        const end = findEventEnd(bytes, from);
        add(bytes.subarray(from, end === -1 ? bytes.length : end));
        if (end === -1) return;
        closeEvent();
        from = end;
      }
    },
    take() {
      const [only = NO_BYTES] = ready;
      const bytes = ready.length > 1 ? concatBytes(ready) : only;
      ready.length = 0;
      return bytes;
    },
    finish() {
      // Some servers omit the blank line after the last event.
      const { end, isCompleted, error } = readEnd();
      if (error || (isCompleted && OBJECT_END.test(end) && usageIn(end))) closeEvent();
    },
    // The size of an image says nothing about its tokens.
    isOverGrant: () => false,
    conclude: () => NO_BYTES,
    // An error event inside another event would be a part of its data.
    fail: (error) =>
      head === undefined
        ? encoder.encode(`event: error\ndata: ${JSON.stringify({ type: "error", error })}\n\n`)
        : undefined,
    block: () => NO_BYTES,
  };
}

const lastBytes = (before: Uint8Array, bytes: Uint8Array): Uint8Array =>
  bytes.length >= TAIL_BYTES ? bytes.slice(-TAIL_BYTES) : concatBytes([before, bytes]).slice(-TAIL_BYTES);
