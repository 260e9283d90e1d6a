// Bounded reading of a body. A longer body is cut, and the rest is cancelled.

/** Bytes of the first buffer and of each read. */
const READ_BYTES = 16_384;

/** The first bytes of a body. */
export interface ReadBytes {
  bytes: Uint8Array<ArrayBuffer>;
  /** The body ended within the limit. */
  isWhole: boolean;
}

/**
 * Reads at most `maxBytes` of a body, counted after decompression. Memory stays below twice the bytes that arrived. An
 * abort of `signal` cancels the body and throws the signal's reason. So does an error of `onBytes`, which is called
 * with the size of each piece.
 */
export async function readAtMost(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  signal?: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<ReadBytes> {
  let buffer = new Uint8Array(0);
  let used = 0;
  if (!body) return { bytes: buffer, isWhole: true };
  const reader = body.getReader();
  const cancel = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      signal?.throwIfAborted();
      // The runtime rejects a cancelled read with a copy of the reason, which has lost its class.
      const { done, value } = await reader.read().finally(() => signal?.throwIfAborted());
      if (done) return { bytes: buffer.subarray(0, used), isWhole: true };
      onBytes?.(value.length);
      const taken = value.subarray(0, maxBytes - used);
      if (used + taken.length > buffer.length) buffer = grow(buffer, used + taken.length, maxBytes);
      buffer.set(taken, used);
      used += taken.length;
      if (taken.length < value.length) {
        cancel();
        return { bytes: buffer.subarray(0, used), isWhole: false };
      }
    }
  } catch (error) {
    cancel();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function grow(buffer: Uint8Array, needed: number, maxBytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(maxBytes, Math.max(needed, 2 * buffer.length, READ_BYTES)));
  larger.set(buffer);
  return larger;
}
