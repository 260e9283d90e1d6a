// A response in the background: it waits for `first_ms`, runs for `delay_ms` a token, and then is what it was going to be.
// Nothing runs meanwhile, the clock alone says how far it is.
import type { JsonObject } from "../kernel/body.ts";
import { type Opened, runningResponse } from "../dialects/responses/object.ts";
import type { StoredResponse } from "./store.ts";
import { reaches } from "../kernel/delivery/delivery.ts";
import type { Script } from "../kernel/script.ts";

/** How a response of that many tokens shows itself that was queued at that time (epoch ms); `finish` ends it early. */
export function showInBackground(
  opened: Opened,
  script: Script,
  tokens: number,
  ending: JsonObject,
  queuedAtMs: number,
): Pick<StoredResponse, "show" | "cancel"> & { finish: () => void } {
  const startsAtMs = queuedAtMs + (script.first_ms ?? 0);
  const isStalled = reaches(script.stall_after, tokens);
  let endsAtMs = isStalled ? Infinity : startsAtMs + (script.delay_ms ?? 0) * tokens;
  let cancelled = false;
  return {
    show(atMs) {
      if (cancelled) return runningResponse(opened, "cancelled");
      if (atMs >= endsAtMs) return ending;
      return runningResponse(opened, atMs < startsAtMs ? "queued" : "in_progress");
    },
    cancel(atMs) {
      cancelled ||= atMs < endsAtMs;
    },
    // A stream may come to its end before the clock does.
    finish() {
      endsAtMs = 0;
    },
  };
}
