// Read batching: one read returns all bytes that have arrived, instead of one chunk. A native pipe buffers the chunks.

import type { ByteReader } from "./source.ts";

/** Bytes that the native pipe moves for each run of JavaScript. */
const DRAIN_BYTES = 8192;
/** Buffered bytes at which a slow caller pauses the provider. */
const MAX_UNREAD_BYTES = 262_144;

/** Creates a reader whose reads return all bytes that have arrived, up to the size of the view. */
export function createBatchReader(body: ReadableStream<Uint8Array>): ByteReader {
  const [piped, buffered] = body.tee();
  const { readable, writable } = new IdentityTransformStream();
  // The other branch reports the same error.
  piped.pipeTo(writable).catch(ignore);
  const drain = readable.getReader({ mode: "byob" });
  const reader = buffered.getReader({ mode: "byob" });
  let unread = 0;
  /** Set while the pipe is paused. */
  let resumeDrain: (() => void) | undefined;

  const drainPipe = async () => {
    let view = new Uint8Array(DRAIN_BYTES);
    for (;;) {
      const { done, value } = await drain.readAtLeast(DRAIN_BYTES, view);
      if (done) return;
      view = new Uint8Array(value.buffer);
      unread += value.length;
      if (unread > MAX_UNREAD_BYTES) await new Promise<void>((resolve) => (resumeDrain = resolve));
    }
  };
  drainPipe().catch(ignore);

  return {
    async read(view: Uint8Array) {
      const result = await reader.read(view);
      if (!result.done) unread -= result.value.length;
      if (unread <= MAX_UNREAD_BYTES) resumeDrain?.();
      return result;
    },
    async cancel(reason) {
      await Promise.all([reader.cancel(reason), drain.cancel(reason)]);
    },
  } as ByteReader;
}

const ignore = () => undefined;
