// Bounded reading of a body, in few reads. A longer body is cut, and the rest is cancelled.

/** Bytes of the first buffer. Most bodies fit. */
const FIRST_BYTES = 16_384;
/** Bytes of the second buffer of a body with a declared size. Each other one is twice as large as the one before. */
const SECOND_BYTES = 131_072;

/** The first bytes of a body. */
export interface ReadBytes {
  bytes: Uint8Array<ArrayBuffer>;
  /** The body ended within the limit. */
  isWhole: boolean;
}

interface ReadOptions {
  /** The declared size, without compression. A body that has it is whole. */
  expectedBytes?: number;
  /** After `ms` the body is cancelled, and `error()` is thrown. */
  timeout?: { ms: number; error: () => Error };
  /**
   * Called before the buffer grows by that many bytes. Its error is thrown when the rest of the body has been read and
   * dropped, because many clients read no answer while they send.
   */
  onGrowth?: (bytes: number) => void;
}

/**
 * Reads at most `maxBytes` of a body, counted after decompression. The buffer holds at most twice the bytes that
 * arrived, or 128 KiB.
 */
export async function readAtMost(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  { expectedBytes = Infinity, timeout, onGrowth }: ReadOptions = {},
): Promise<ReadBytes> {
  if (!body) return { bytes: new Uint8Array(0), isWhole: true };
  const reader = body.getReader({ mode: "byob" });
  const cancel = (reason?: unknown) => void reader.cancel(reason).catch(() => undefined);
  let late: Error | undefined;
  const expire = () => {
    late = timeout?.error();
    cancel(late);
  };
  const timer = timeout && setTimeout(expire, timeout.ms);
  // One byte more than the limit shows if the body ends there.
  const mostBytes = Math.min(maxBytes + 1, expectedBytes);
  let buffer = new Uint8Array(Math.min(FIRST_BYTES, mostBytes));
  let used = 0;
  try {
    for (;;) {
      const free = buffer.length - used;
      // A read costs more than kilobytes of data do, so each waits until its buffer is full or the body ends.
      const { done, value } = await reader.readAtLeast(free, buffer.subarray(used));
      if (late || !value) throw late ?? new Error("the body was cancelled");
      used += value.length;
      // Each read moves the memory to another buffer.
      buffer = new Uint8Array(value.buffer);
      if (used > maxBytes) {
        cancel();
        return { bytes: buffer.subarray(0, maxBytes), isWhole: false };
      }
      const isWhole = done || used === expectedBytes || value.length < free;
      if (isWhole) return { bytes: buffer.subarray(0, used), isWhole };
      const size = Math.min(Math.max(expectedBytes < Infinity ? SECOND_BYTES : 0, 2 * used), mostBytes);
      try {
        onGrowth?.(size - buffer.length);
      } catch (refusal) {
        buffer.buffer.transfer(0);
        await drop(reader, mostBytes - used);
        throw refusal;
      }
      // A transfer frees the smaller buffer at once.
      buffer = new Uint8Array(buffer.buffer.transfer(size));
    }
  } catch (error) {
    cancel(error);
    // The runtime rejects a cancelled read with a copy of the reason, which has lost its class.
    throw late ?? error;
  } finally {
    if (timer) clearTimeout(timer);
  }
}

/** Reads at most `maxBytes`, and keeps none of them. */
async function drop(reader: ReadableStreamBYOBReader, maxBytes: number): Promise<void> {
  let view = new Uint8Array(FIRST_BYTES);
  for (let dropped = 0; dropped < maxBytes; dropped += FIRST_BYTES) {
    const { value } = await reader.readAtLeast(FIRST_BYTES, view);
    if (value?.length !== FIRST_BYTES) return;
    view = value;
  }
}
