// The body of a streamed response. The first keep-alive can start the response before the answer begins.

import type { Disconnect } from "./disconnect.ts";
import type { Sink } from "./sink.ts";
import { createSink } from "./sink.ts";

export interface StreamBody {
  readable: ReadableStream<Uint8Array>;
  sink: Sink;
  /** Sends a comment. The platform can report a disconnect late, but a failed write always reveals it. */
  keepAlive(): void;
}

const KEEP_ALIVE = new TextEncoder().encode(":\n\n");

/** Creates the body. `readsAlways`: see createSink. */
export function createStreamBody(disconnect: Disconnect, readsAlways = false): StreamBody {
  const { readable, writable } = new IdentityTransformStream();
  const sink = createSink(writable.getWriter(), disconnect, readsAlways);
  return {
    readable,
    sink,
    keepAlive: () => void sink.write(KEEP_ALIVE),
  };
}
