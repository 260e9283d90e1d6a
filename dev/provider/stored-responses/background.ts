// The run of a background response: first queued, then in progress.
// It is queued for `first_ms`, and in progress for `think_ms` and for `delay_ms` per token.
// Nothing runs meanwhile. The clock alone decides the state.
import type { JsonObject } from "../kernel/body.ts";
import { reaches } from "../kernel/delivery/delivery.ts";
import type { ResponsesAnswer } from "../kernel/responses-hooks.ts";

export interface BackgroundRun {
  /** The response at that time (epoch ms). */
  show: (atMs: number) => JsonObject;
  /** Cancels the response if it has not ended by that time (epoch ms). */
  cancel: (atMs: number) => void;
  /** Ends the run now, because a stream delivered the whole answer before its time. */
  finish: () => void;
}

/** Starts the run of an answer that is queued at that time (epoch ms). */
export function runInBackground(answer: ResponsesAnswer, queuedAtMs: number): BackgroundRun {
  const { running, ended, tokens, script, stopWork } = answer;
  const startsAtMs = queuedAtMs + (script.first_ms ?? 0);
  const stalls = reaches(script.stall_after, tokens);
  let endsAtMs = stalls ? Infinity : startsAtMs + (script.think_ms ?? 0) + (script.delay_ms ?? 0) * tokens;
  let cancelled = false;
  return {
    show(atMs) {
      if (cancelled) return { ...running, status: "cancelled" };
      if (atMs >= endsAtMs) return ended;
      return { ...running, status: atMs < startsAtMs ? "queued" : "in_progress" };
    },
    cancel(atMs) {
      cancelled ||= atMs < endsAtMs;
      stopWork();
    },
    finish() {
      endsAtMs = 0;
    },
  };
}
