// The analysis of a recorded answer: arrival times, gaps and correctness.

import type { BenchRequest } from "./requests.ts";

export interface Answer {
  status: number;
  /** The chunks as they arrived. `at`: ms since the request was sent. */
  chunks: { at: number; bytes: Buffer }[];
}

export const bytesOf = ({ chunks }: Answer) => chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Returns the time to the first byte of the first event in ms. A run sends its reconnection time before it. */
export const timeToFirstByte = ({ chunks }: Answer) =>
  chunks.find(({ bytes }) => bytes.includes("data:"))?.at ?? Infinity;

/**
 * Returns the longest wait between two chunks in ms. A stream that was generated in `generatedInMs` and arrived faster
 * was buffered before its first chunk. That delay counts as a gap.
 */
export function longestGap({ chunks }: Answer, generatedInMs: number): number {
  const [first, last] = [chunks[0]?.at ?? 0, chunks.at(-1)?.at ?? 0];
  const buffered = Math.max(0, generatedInMs - (last - first));
  return chunks.reduce((most, { at }, index) => Math.max(most, at - (chunks[index - 1]?.at ?? at)), buffered);
}

/** Returns when each event was complete. A chunk may hold several events, and an event may span several chunks. */
export function eventsAt({ chunks }: Answer): number[] {
  let open = "";
  return chunks.flatMap(({ at, bytes }) => {
    const events = (open + bytes.toString("latin1")).split("\n\n");
    open = events.pop() ?? "";
    return events.map(() => at);
  });
}

/** Returns how many streams began after another one had ended. With 0, all of them were open at once. */
export function countLateStreams(answers: Answer[]): number {
  const firstEnd = Math.min(...answers.map(({ chunks }) => chunks.at(-1)?.at ?? 0));
  return answers.filter((answer) => timeToFirstByte(answer) >= firstEnd).length;
}

const END_BYTES = 2000;

/** Throws unless every answer has the expected status and ending. */
export function requireExpected(answers: Answer[], { path, status, ending }: BenchRequest): void {
  for (const { status: answered, chunks } of answers) {
    const text = Buffer.concat(chunks.map(({ bytes }) => bytes))
      .subarray(-END_BYTES)
      .toString();
    if (answered !== status) throw new Error(`${path} answered ${answered}, not ${status}: ${text}`);
    if (!ending.test(text)) throw new Error(`${path} ended without ${ending}: ${text}`);
  }
}
