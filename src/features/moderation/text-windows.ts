// Text windows for moderation: end at a sentence, a length limit or a time limit.
// One window is moderated while the next one fills. Pure: time is an argument.

export interface WindowSettings {
  /** A sentence end closes a window of this size or more. */
  min_chars: number;
  max_chars: number;
  /** The longest time that text waits for the end of its sentence. */
  max_ms: number;
  /** Characters of the previous window that are moderated again, so that a phrase across a boundary is seen whole. */
  overlap_chars: number;
}

export interface TextWindows {
  /** Appends text that arrived at `now` (epoch ms). */
  add(text: string, now: number): void;
  /** Marks the text as complete, so that the last window is ready at once. */
  end(): void;
  /**
   * Closes the next window and returns its text, with the overlap before it. Returns undefined while no window is
   * ready, or while one is being moderated.
   */
  next(now: number): string | undefined;
  /** When the next window is ready without more text (epoch ms). Infinity without waiting text or during moderation. */
  dueAt(): number;
  /** Takes the verdict on the window that `next` returned, and releases its text when allowed. */
  takeVerdict(allowed: boolean): void;
  /** Characters added so far. */
  readonly added: number;
  /** Characters that may be sent. */
  readonly released: number;
  /** Characters in memory. */
  readonly buffered: number;
}

/** The end of a sentence: punctuation and a space, CJK punctuation, or a line break. */
const SENTENCE_END = /[.!?…]["')\]”’]*\s|[。！？]["'」』）]*|\n/g;

/** Splits streamed text into windows. At most one window is open for a verdict at a time. */
export function createTextWindows(settings: WindowSettings): TextWindows {
  const { min_chars: minChars, max_chars: maxChars, max_ms: maxMs, overlap_chars: overlapChars } = settings;
  /** The buffered text, which begins at `offset`. */
  let text = "";
  let offset = 0;
  let released = 0;
  let ended = false;
  /** The end of the window that is being moderated. */
  let pendingEnd: number | undefined;
  /** The start and the arrival time of each part that is in no window yet. */
  const arrivals: { from: number; at: number }[] = [];

  const added = () => offset + text.length;
  const dueAt = () => (arrivals[0]?.at ?? Infinity) + maxMs;
  const closesAt = (now: number): number | undefined => {
    const from = released;
    const fresh = text.slice(from - offset);
    if (fresh === "") return undefined;
    if (fresh.length >= maxChars) return from + maxChars;
    if (ended || now >= dueAt()) return added();
    const sentence = [...fresh.matchAll(SENTENCE_END)].at(-1);
    const length = sentence && sentence.index + sentence[0].length;
    return length !== undefined && length >= minChars ? from + length : undefined;
  };

  return {
    add(more, now) {
      if (more === "") return;
      arrivals.push({ from: added(), at: now });
      text += more;
    },
    end: () => void (ended = true),
    next(now) {
      if (pendingEnd !== undefined) return undefined;
      const end = closesAt(now);
      if (end === undefined) return undefined;
      pendingEnd = end;
      while (arrivals[0] && (arrivals[1]?.from ?? added()) <= end) arrivals.shift();
      // A boundary can split a surrogate pair.
      return text.slice(Math.max(0, released - overlapChars - offset), end - offset).toWellFormed();
    },
    dueAt: () => (pendingEnd === undefined ? dueAt() : Infinity),
    takeVerdict(allowed) {
      if (pendingEnd === undefined) return;
      if (allowed) released = pendingEnd;
      pendingEnd = undefined;
      // Text before the next overlap is dropped.
      const dropped = Math.max(0, released - overlapChars - offset);
      text = text.slice(dropped);
      offset += dropped;
    },
    get added() {
      return added();
    },
    get released() {
      return released;
    },
    get buffered() {
      return text.length;
    },
  };
}
