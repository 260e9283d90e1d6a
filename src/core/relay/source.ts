// The source: reads a provider's answer, chunk by chunk or in batches.
// Each read costs about as much as piping three chunks, so a batch saves most of the work of a fast answer.

import { createBatchReader } from "./read-batching.ts";

/** The bytes of a provider's answer. One read at a time. */
export interface Source {
  /** Returns the next bytes, which are valid until the next read; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** The last read filled its buffer, so more bytes are ready. */
  readonly hasMore: boolean;
  /** From now on, a read returns all bytes that have arrived, up to 16 KiB. Not during a read. */
  batch(): void;
  cancel(reason?: unknown): Promise<void>;
}

/** The used part of a ReadableStreamBYOBReader. */
export type ByteReader = Pick<ReadableStreamBYOBReader, "read" | "cancel">;

/** Bytes of the read buffer, which an open stream holds: one chunk, and a batch of about 50. */
const CHUNK_BYTES = 4096;
const BATCH_BYTES = 16_384;
/** The largest read buffer, for answers of megabytes. */
export const BULK_BYTES = 65_536;

/**
 * Creates the source of a provider's body, which must be a byte stream. Reads chunk by chunk until `batch`. The buffer
 * of chunks doubles after each read that fills it, up to `maxChunkBytes`.
 */
export function createSource(body: ReadableStream<Uint8Array>, maxChunkBytes = CHUNK_BYTES): Source {
  const chunks = body.getReader({ mode: "byob" });
  let reader: ByteReader = chunks;
  let buffer: ArrayBufferLike = new ArrayBuffer(CHUNK_BYTES);
  let hasMore = false;
  return {
    get hasMore() {
      return hasMore;
    },
    async read() {
      if (reader === chunks && hasMore && buffer.byteLength < maxChunkBytes) {
        buffer = new ArrayBuffer(buffer.byteLength * 2);
      }
      // The read transfers the buffer and returns it, also at the end of the stream.
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (value) buffer = value.buffer;
      hasMore = value?.length === buffer.byteLength;
      return done ? undefined : value;
    },
    batch() {
      if (reader !== chunks) return;
      chunks.releaseLock();
      reader = createBatchReader(body);
      buffer = new ArrayBuffer(BATCH_BYTES);
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
