// Byte arrays: concatenation, and a buffer that grows in linear time.

/** The byte that ends a line. */
export const LINE_FEED = 10;

/** Concatenates arrays into a new one. */
export function concatBytes(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export interface GrowingBuffer {
  readonly length: number;
  append(bytes: Uint8Array): void;
  /** Returns the bytes from a position on. They are valid until the next change. */
  from(position: number): Uint8Array;
  /** Removes the first bytes and returns them. */
  take(count: number): Uint8Array<ArrayBuffer>;
}

const FIRST_BYTES = 4096;
const MAX_KEPT_BYTES = 65_536;

/** Creates a buffer that doubles its memory when it is full, so that many small pieces cost linear time. */
export function createGrowingBuffer(): GrowingBuffer {
  let memory = new Uint8Array(0);
  let used = 0;
  return {
    get length() {
      return used;
    },
    append(bytes) {
      if (used + bytes.length > memory.length) {
        const larger = new Uint8Array(Math.max(FIRST_BYTES, 2 * memory.length, used + bytes.length));
        larger.set(memory.subarray(0, used));
        memory = larger;
      }
      memory.set(bytes, used);
      used += bytes.length;
    },
    from: (position) => memory.subarray(position, used),
    take(count) {
      const taken = memory.slice(0, count);
      memory.copyWithin(0, count, used);
      used -= count;
      // The memory of one large event is not kept for the rest of the stream.
      if (used === 0 && memory.length > MAX_KEPT_BYTES) memory = new Uint8Array(0);
      return taken;
    },
  };
}
