// The stream of a transcript for the caller: the provider's events, but Weir's errors.

import type { ErrorBody } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";
import type { CreateEventCodec } from "../../core/relay/codec.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/**
 * Passes the events through. An answer that Weir stops ends with an error, because transcripts have no event for it.
 * Calls `onStarted` when the response has started.
 */
export const passTranscript =
  (onStarted: () => void): CreateEventCodec =>
  (progress) => {
    let pending = "";
    return {
      pace: "at once",
      push({ raw, pieces }) {
        // The end mark of a failed answer is removed: clients would not read the error after it.
        const isRemoved = pieces.some(({ kind }) => kind === "error" || (kind === "end" && progress.error));
        if (!isRemoved) pending += raw;
      },
      take() {
        onStarted();
        const bytes = encoder.encode(pending);
        pending = "";
        return bytes;
      },
      conclude: () => (progress.overran ? toErrorEvent(TOO_LONG) : NOTHING),
      fail: toErrorEvent,
      block: toErrorEvent,
    };
  };

const toErrorEvent = (error: ErrorBody): Uint8Array => encoder.encode(`data: ${JSON.stringify({ error })}\n\n`);

const TOO_LONG = apiError(
  "provider_error",
  "The transcript is longer than the model's output limit, so it was cut. Send a shorter recording.",
).body;
