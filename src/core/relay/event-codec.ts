// Decoder from bytes to events, and a codec that combines it with an event codec.

import type { Progress } from "./answer.ts";
import { applyPiece, emptyProgress, isOverGrant } from "./answer.ts";
import type { Codec, CreateEventCodec, StreamEvent } from "./codec.ts";
import type { Dialect, SeenParts } from "./dialect.ts";
import type { RawEvent } from "./events.ts";
import { createEventReader, hasEmptyData } from "./events.ts";

export interface EventDecoder {
  /** Reads bytes. Throws at the first event that is not valid in the dialect. */
  push: (bytes: Uint8Array) => void;
  /** Reads the last event, for the end of a stream, when its blank line is missing. Drops it when it is cut. */
  flush: () => void;
}

/**
 * Decodes bytes and calls `onEvent` for each completed event, after applying its pieces to `progress`. Events after the
 * end mark are dropped.
 */
export function createEventDecoder(
  dialect: Pick<Dialect, "decode">,
  progress: Progress,
  onEvent: (event: StreamEvent) => void,
): EventDecoder {
  const reader = createEventReader();
  const seen: SeenParts = new Set();
  const decode = (events: RawEvent[]) => {
    for (const event of events) {
      const { raw, data } = event;
      // The answer is complete; some providers send more events after the end mark.
      if (progress.ended) return;
      if (data === undefined) {
        if (!hasEmptyData(event)) onEvent({ raw, pieces: [], json: undefined });
        continue;
      }
      const { pieces, json } = dialect.decode(data, seen);
      progress.heard = true;
      for (const piece of pieces) applyPiece(progress, piece);
      onEvent({ raw, pieces, json });
    }
  };
  return {
    push: (bytes) => decode(reader.read(bytes)),
    flush() {
      try {
        decode(reader.flush());
      } catch {
        // The stream ended inside the event.
      }
    },
  };
}

/** Creates a codec that decodes bytes and passes the events to an event codec. */
export function createDecodingCodec(dialect: Dialect, createEvents: CreateEventCodec): Codec {
  const progress = emptyProgress();
  const events = createEvents(progress);
  const decoder = createEventDecoder(dialect, progress, (event) => events.push(event));
  return {
    progress,
    pace: events.pace,
    push: decoder.push,
    take: () => events.take(),
    finish: decoder.flush,
    isOverGrant: (grantedOutput) => isOverGrant(progress, grantedOutput),
    conclude: (settled) => events.conclude(settled),
    cancel: (settled) => events.cancel?.(settled),
    fail: (error) => events.fail(error),
    block: (error, first, charged) => events.block(error, first, charged),
  };
}
