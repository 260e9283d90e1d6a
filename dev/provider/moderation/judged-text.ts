// Reads a moderated text: its scripts, and the delay and failure that it demands.
// The words are `emulate-moderation-ms-300` and `emulate-moderation-status-500`. A script has keys for the same.
import { MAX_DELAY_MS, removeScripts } from "../kernel/script.ts";

const DELAYS = /emulate-moderation-ms-(\d+)/gi;
const FAILURES = /emulate-moderation-status-([45]\d\d)(?!\d)/i;

export interface JudgedText {
  /** The text without its scripts, which are never executed here. */
  text: string;
  /** The longest delay that the text demands, at most a minute. */
  delayMs: number;
  /** The status to fail with. */
  status: number | undefined;
}

/** Reads a text that is to be moderated. */
export function readJudgedText(text: string): JudgedText {
  const { scripts, rest } = removeScripts(text);
  const scripted = (key: string) => scripts.map((script) => Number(script[key])).filter((value) => value > 0);
  const delays = Array.from(rest.matchAll(DELAYS), ([, milliseconds]) => Number(milliseconds));
  const failures = Array.from(FAILURES.exec(rest)?.slice(1) ?? [], Number);
  return {
    text: rest,
    delayMs: Math.min(Math.max(0, ...scripted("moderation_ms"), ...delays), MAX_DELAY_MS),
    status: [...failures, ...scripted("moderation_status")][0],
  };
}
