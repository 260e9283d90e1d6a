// The log of a run: its events, numbered from 1, and their replay with merged text. Pure.

export interface RunEvent {
  /** "text" for an event without a name. */
  name: string;
  /** JSON on one line. */
  data: string;
}

/** Events after a position as they are sent, and the position after them. */
export interface Replay {
  text: string;
  position: number;
}

export interface RunLog {
  /** The number of events so far, which is the id of the last one. */
  readonly count: number;
  /** The events that the log still has. A log that is too large drops its first ones. */
  readonly events: readonly RunEvent[];
  /** The number of events that were dropped. */
  readonly dropped: number;
  /** The closing event: `done` or `failed`. */
  readonly ending: RunEvent | undefined;
  append(event: RunEvent): void;
  /**
   * Returns the next events after a position: at most about 64 Ki characters. Successive text is merged into one event
   * with the id of its last part. Returns undefined when the events after the position were dropped.
   */
  after(position: number): Replay | undefined;
}

/** The most characters of a log in memory. A longer answer can no longer be read from its start. */
export const MAX_LOG_LENGTH = 4_194_304;
/** The most characters of one replay, so that a client whose connection is cut repeatedly makes progress. */
const MAX_REPLAY_LENGTH = 65_536;

const MERGED = new Set(["text", "thinking"]);

/** The id of a `failed` that Weir adds when the end of a run cannot be read: above the ids of all events. */
export const INTERRUPTED_ID = 9_999_999;

export function createLog(first: RunEvent[] = []): RunLog {
  const events = [...first];
  let length = events.reduce((sum, { data }) => sum + data.length, 0);
  let dropped = 0;
  let ending = events.at(-1);
  if (ending && !isClosing(ending)) ending = undefined;
  return {
    events,
    get count() {
      return dropped + events.length;
    },
    get dropped() {
      return dropped;
    },
    get ending() {
      return ending;
    },
    append(event) {
      events.push(event);
      length += event.data.length;
      if (isClosing(event)) ending = event;
      while (length > MAX_LOG_LENGTH && events.length > 1) {
        length -= events.shift()?.data.length ?? 0;
        dropped += 1;
      }
    },
    after(position) {
      if (position < dropped) return undefined;
      let text = "";
      let next = position - dropped;
      while (next < events.length && text.length < MAX_REPLAY_LENGTH) {
        const until = mergedUntil(events, next);
        const merged = events.slice(next, until);
        next = until;
        text += toFrame({ name: merged[0]?.name ?? "text", data: mergeData(merged) }, dropped + until);
      }
      return { text, position: dropped + next };
    },
  };
}

/** Writes an event as it is sent, or without an id as it is stored. */
export function toFrame({ name, data }: RunEvent, id?: number): string {
  const idLine = id === undefined ? "" : `id:${id}\n`;
  return name === "text" ? `${idLine}data:${data}\n\n` : `${idLine}event:${name}\ndata:${data}\n\n`;
}

/** Reads an event from its text; undefined for a comment. */
export function readFrame(raw: string): RunEvent | undefined {
  const [, name = "text", data] = /^(?:event:(.*)\n)?data:(.*)\n\n$/.exec(raw) ?? [];
  return data === undefined ? undefined : { name, data };
}

const isClosing = ({ name }: RunEvent) => name === "done" || name === "failed";

/** Returns the end of the events that merge with the one at an index. */
function mergedUntil(events: RunEvent[], from: number): number {
  const name = events[from]?.name ?? "";
  let until = from + 1;
  let length = events[from]?.data.length ?? 0;
  while (MERGED.has(name) && events[until]?.name === name && length < MAX_REPLAY_LENGTH) {
    length += events[until]?.data.length ?? 0;
    until += 1;
  }
  return until;
}

/** Joins the JSON strings of events without parsing them. */
function mergeData(events: RunEvent[]): string {
  const [first] = events;
  if (events.length === 1 && first) return first.data;
  return `"${events.map(({ data }) => data.slice(1, -1)).join("")}"`;
}
