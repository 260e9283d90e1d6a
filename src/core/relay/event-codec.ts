// Decodes a stream of bytes into events, each once, for the codecs that work on events.

import type { Progress } from "./answer.ts";
import { emptyProgress, note } from "./answer.ts";
import type { Codec, CreateEventCodec, StreamEvent } from "./codec.ts";
import type { Dialect } from "./dialect.ts";
import { createEventReader } from "./events.ts";

/**
 * Returns a function that takes bytes and hands on each event that they complete, once its pieces are noted. Events after
 * the dialect's end are dropped. It throws when an event is not the dialect's; the events before it were handed on.
 */
export function createEventDecoder(
  dialect: Dialect,
  progress: Progress,
  handOn: (event: StreamEvent) => void,
): (bytes: Uint8Array) => void {
  const read = createEventReader();
  return (bytes) => {
    for (const { raw, data } of read(bytes)) {
      // Whatever a provider adds to its end, the answer is complete.
      if (progress.ended) return;
      if (data === undefined) {
        handOn({ raw, pieces: [], json: undefined });
        continue;
      }
      progress.heard = true;
      const { pieces, json } = dialect.decode(data);
      for (const piece of pieces) note(progress, piece);
      handOn({ raw, pieces, json });
    }
  };
}

/** A codec that decodes events and leaves the rest to an event codec. */
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
