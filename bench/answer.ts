// What an answer says, read after it has ended: when its chunks arrived, how long its caller waited, whether it is
// good.

import type { Asked } from "./asked.ts";

export interface Answer {
  status: number;
  /** What arrived, and when: ms since the request was sent. */
  pieces: { at: number; bytes: Buffer }[];
}

export const bytesOf = ({ pieces }: Answer) => pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** The time to first byte in ms. */
export const firstAt = ({ pieces }: Answer) => pieces[0]?.at ?? Infinity;

/**
 * The longest wait between two pieces, ms. A stream that took `madeInMs` to make and came in less was held back by the
 * difference before its first piece, which is a gap like any other.
 */
export function longestGap({ pieces }: Answer, madeInMs: number): number {
  const [first, last] = [pieces[0]?.at ?? 0, pieces.at(-1)?.at ?? 0];
  const heldBack = Math.max(0, madeInMs - (last - first));
  return pieces.reduce((most, { at }, index) => Math.max(most, at - (pieces[index - 1]?.at ?? at)), heldBack);
}

/** When each event was whole: a piece may hold several, and an event may come in several pieces. */
export function eventsAt({ pieces }: Answer): number[] {
  let open = "";
  return pieces.flatMap(({ at, bytes }) => {
    const events = (open + bytes.toString("latin1")).split("\n\n");
    open = events.pop() ?? "";
    return events.map(() => at);
  });
}

const END_BYTES = 2000;

/** Throws unless every answer has the status and the end that it must have. */
export function requireGood(answers: Answer[], { path, status, ending }: Asked): void {
  for (const { status: answered, pieces } of answers) {
    const text = Buffer.concat(pieces.map(({ bytes }) => bytes))
      .subarray(-END_BYTES)
      .toString();
    if (answered !== status) throw new Error(`${path} answered ${answered}, not ${status}: ${text}`);
    if (!ending.test(text)) throw new Error(`${path} ended without ${ending}: ${text}`);
  }
}
