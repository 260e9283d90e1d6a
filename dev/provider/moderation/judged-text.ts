// A text that is judged: without the lines that script its answer, and with what it wants of whoever judges it. The words
// are `emulate-moderation-ms-300` and `emulate-moderation-status-500`; a script line has keys for the same.
import { dropScripts, LONGEST_MS } from "../kernel/script.ts";

const DELAYS = /emulate-moderation-ms-(\d+)/gi;
const FAILURES = /emulate-moderation-status-([45]\d\d)(?!\d)/i;

export interface JudgedText {
  text: string;
  /** How long to wait before the answer; the longest wait when several are wanted. */
  delayMs: number;
  /** The status to fail with. */
  status: number | undefined;
}

/** Reads a text that is judged, and never executes it. */
export function readJudgedText(text: string): JudgedText {
  const { scripts, rest } = dropScripts(text);
  const delays = [
    ...scripts.map((script) => script.moderation_ms ?? 0),
    ...Array.from(rest.matchAll(DELAYS), ([, milliseconds]) => Number(milliseconds)),
  ];
  const failure = FAILURES.exec(rest)?.[1];
  const scripted = scripts.find((script) => script.moderation_status !== undefined)?.moderation_status;
  return {
    text: rest,
    delayMs: Math.min(Math.max(0, ...delays), LONGEST_MS),
    status: failure === undefined ? scripted : Number(failure),
  };
}
