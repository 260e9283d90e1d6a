// Text on its way to a judge, and from there to the caller. It is cut into windows at the ends of sentences, or where they
// grow long or old; while one is judged the next one grows. Pure: time comes in.

/** How text is cut: characters, and how long text waits for more of its sentence (ms). */
export interface WindowSettings {
  max_chars: number;
  max_ms: number;
  /** So much of what was judged before is judged again, so that no phrase is cut by a border. */
  overlap_chars: number;
}

export interface TextWindows {
  /** Takes the next text, which arrived at `now` (epoch ms). */
  add(text: string, now: number): void;
  /** No more text comes: what there is can be judged. */
  end(): void;
  /** The text to judge now, with what was judged before it; undefined while one is being judged, or none is ready. */
  next(now: number): string | undefined;
  /** When `next` has something though no text comes (epoch ms); Infinity when it has not. */
  dueAt(): number;
  /** The verdict on what `next` gave. */
  judged(allowed: boolean): void;
  /** Characters that were added, that may be sent, and that are kept. */
  readonly added: number;
  readonly released: number;
  readonly kept: number;
}

/** The end of a sentence: a mark and a space, a mark of a script without spaces, or the end of a line. */
const SENTENCE_END = /[.!?…]["')\]”’]*\s|[。！？]["'」』）]*|\n/g;

export function createTextWindows(settings: WindowSettings): TextWindows {
  const { max_chars: maxChars, max_ms: maxMs, overlap_chars: overlapChars } = settings;
  /** The text from `offset` on. */
  let text = "";
  let offset = 0;
  let released = 0;
  let ended = false;
  /** The end of the window that is being judged. */
  let judging: number | undefined;
  /** Of the text that is in no window: where each part of it begins, and when it arrived. */
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
    return sentence && from + sentence.index + sentence[0].length;
  };

  return {
    add(more, now) {
      if (more === "") return;
      arrivals.push({ from: added(), at: now });
      text += more;
    },
    end: () => void (ended = true),
    next(now) {
      if (judging !== undefined) return undefined;
      const end = closesAt(now);
      if (end === undefined) return undefined;
      judging = end;
      while (arrivals[0] && (arrivals[1]?.from ?? added()) <= end) arrivals.shift();
      // A border can cut a character in two.
      return text.slice(Math.max(0, released - overlapChars - offset), end - offset).toWellFormed();
    },
    dueAt: () => (judging === undefined ? dueAt() : Infinity),
    judged(allowed) {
      if (judging === undefined) return;
      if (allowed) released = judging;
      judging = undefined;
      // What no window will show again is forgotten.
      const forget = Math.max(0, released - overlapChars - offset);
      text = text.slice(forget);
      offset += forget;
    },
    get added() {
      return added();
    },
    get released() {
      return released;
    },
    get kept() {
      return text.length;
    },
  };
}
