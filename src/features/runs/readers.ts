// The readers of a run: each is a position in the log and at most one pending write, so it needs no queue of its own.

import type { Clock } from "../../core/relay/watchdog.ts";
import type { RunLog } from "./log.ts";
import { INTERRUPTED_ID, toFrame } from "./log.ts";
import { failedEvent, runTooLarge } from "./failures.ts";

export interface Readers {
  readonly count: number;
  /** Adds a reader that receives the events after a position, and then the new ones. Cuts the oldest of 32 others. */
  add(position: number): ReadableStream<Uint8Array>;
  /** Sends new events. Closes each reader that has received the last one. */
  notify(): void;
  /** Sends a comment to readers that wait. Only a write reveals that a reader has left. */
  keepAlive(): void;
}

/** The reconnection time of an EventSource, in ms. */
export const RETRY = "retry:1000\n\n";
const KEEP_ALIVE = ":\n\n";
const MAX_READERS = 32;
/** After the end of the run, a reader that takes nothing for this time is cut: an open connection costs money. */
const STUCK_MS = 30_000;

const encoder = new TextEncoder();

interface Reader {
  send(text?: string): void;
  cut(): void;
}

/** Creates the readers of a log. `onEmpty` is called when the last one has left. */
export function createReaders(log: RunLog, clock: Clock, onEmpty: () => void): Readers {
  const readers = new Set<Reader>();
  const leave = (reader: Reader) => {
    if (readers.delete(reader) && readers.size === 0) onEmpty();
  };
  return {
    get count() {
      return readers.size;
    },
    add(position) {
      const [oldest] = readers;
      if (readers.size >= MAX_READERS) oldest?.cut();
      const { readable, writable } = new IdentityTransformStream();
      const reader = createReader(log, position, writable.getWriter(), clock, () => leave(reader));
      readers.add(reader);
      reader.send(RETRY);
      return readable;
    },
    notify: () => readers.forEach((reader) => reader.send()),
    keepAlive: () => readers.forEach((reader) => reader.send(KEEP_ALIVE)),
  };
}

/** `send` writes a text and the next events. During a write, it drops the text, and the events follow that write. */
function createReader(
  log: RunLog,
  from: number,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  clock: Clock,
  onLeave: () => void,
): Reader {
  let position = from;
  let isWriting = false;
  let isOver = false;
  let stopTimer: (() => void) | undefined;
  const cut = () => {
    isOver = true;
    onLeave();
    void writer.abort().catch(() => undefined);
  };
  /** Returns the text of the next events. */
  const next = (): string => {
    const replay = log.after(position);
    position = replay ? replay.position : INTERRUPTED_ID;
    isOver = !replay || (log.ending !== undefined && position >= log.count);
    return replay ? replay.text : toFrame(failedEvent(runTooLarge()), INTERRUPTED_ID);
  };
  const watch = () => {
    if (log.ending) stopTimer ??= clock.after(STUCK_MS, cut);
  };
  const unwatch = () => {
    stopTimer?.();
    stopTimer = undefined;
  };
  const run = async (first: string) => {
    isWriting = true;
    try {
      for (let text = first + next(); text !== ""; text = isOver ? "" : next()) {
        watch();
        await writer.write(encoder.encode(text));
        unwatch();
      }
      if (isOver) {
        watch();
        await writer.close();
      }
    } catch {
      // The reader has left, or was cut.
      isOver = true;
    }
    isWriting = false;
    // A timer would keep the object in memory.
    unwatch();
    if (isOver) onLeave();
  };
  return {
    cut,
    send(text = "") {
      if (isWriting) watch();
      else if (!isOver) void run(text);
    },
  };
}
