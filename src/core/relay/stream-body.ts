// The body of a streamed response. The first keep-alive can start the response before the answer begins.

import type { Disconnect } from "./disconnect.ts";
import type { Sink } from "./sink.ts";
import { createSink } from "./sink.ts";

export interface StreamBody {
  readable: ReadableStream<Uint8Array>;
  /** Writes to the body until `release`. */
  sink: Sink;
  /** Sends a comment. The platform can report a disconnect late, but a failed write always reveals it. */
  keepAlive(): void;
  /** Waits for the last comment, and returns the writable for a native pipe. */
  release(): Promise<WritableStream<Uint8Array>>;
}

const KEEP_ALIVE = new TextEncoder().encode(":\n\n");

export function createStreamBody(disconnect: Disconnect): StreamBody {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const sink = createSink(writer, disconnect);
  let comment = Promise.resolve();
  return {
    readable,
    sink,
    keepAlive: () => void (comment = sink.write(KEEP_ALIVE)),
    async release() {
      await comment;
      writer.releaseLock();
      return writable;
    },
  };
}
