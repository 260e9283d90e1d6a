// Decoder from bytes to events, and a codec that combines it with an event codec.

import type { Progress } from "./answer.ts";
import { applyPiece, emptyProgress } from "./answer.ts";
import type { Codec, CreateEventCodec, StreamEvent } from "./codec.ts";
import type { Dialect } from "./dialect.ts";
import { createEventReader } from "./events.ts";

/**
 * Returns a function that reads bytes and calls `onEvent` for each completed event, after applying its pieces to
 * `progress`. Events after the end mark are dropped. Throws at the first event that is not valid in the dialect.
 */
export function createEventDecoder(
  dialect: Dialect,
  progress: Progress,
  onEvent: (event: StreamEvent) => void,
): (bytes: Uint8Array) => void {
  const read = createEventReader();
  return (bytes) => {
    for (const { raw, data } of read(bytes)) {
      // The answer is complete; some providers send more events after the end mark.
      if (progress.ended) return;
      if (data === undefined) {
        onEvent({ raw, pieces: [], json: undefined });
        continue;
      }
      progress.heard = true;
      const { pieces, json } = dialect.decode(data);
      for (const piece of pieces) applyPiece(progress, piece);
      onEvent({ raw, pieces, json });
    }
  };
}

/** Creates a codec that decodes bytes and passes the events to an event codec. */
export function createDecodingCodec(dialect: Dialect, createEvents: CreateEventCodec): Codec {
  const progress = emptyProgress();
  const events = createEvents(progress, false);
  return {
    progress,
    pace: events.pace,
    push: createEventDecoder(dialect, progress, (event) => events.push(event)),
    take: () => events.take(),
    finish: () => undefined,
    conclude: (settled) => events.conclude(settled),
    fail: (error) => events.fail(error),
    block: (error, first) => events.block(error, first),
  };
}
