// Byte patterns of audio files: their creation and search.

export function dataViewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Returns four ASCII characters as a big-endian integer. RIFF chunks and MP4 boxes have such names. */
export function fourCharacters(text: string): number {
  return dataViewOf(bytesOf(text)).getUint32(0);
}

export function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let index = 0; index < prefix.length; index++) if (bytes[at + index] !== prefix[index]) return false;
  return true;
}

/** Returns the first offset of a pattern, or -1. */
export function findBytes(bytes: Uint8Array, pattern: Uint8Array, from = 0): number {
  const first = pattern[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (startsWith(bytes, at, pattern)) return at;
  }
  return -1;
}
