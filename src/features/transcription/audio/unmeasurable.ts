// The error of the audio parsers, and their ways to look at bytes.

/** The duration cannot be proved. The message is a clause for the caller, such as "the WAV file has no data". */
export class UnmeasurableAudio extends Error {}

export function refuseAudio(reason: string): never {
  throw new UnmeasurableAudio(reason);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Returns the big-endian integer of four ASCII characters, as RIFF and MP4 name their parts. */
export function fourCharacters(text: string): number {
  return viewOf(bytesOf(text)).getUint32(0);
}

export function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let index = 0; index < prefix.length; index++) if (bytes[at + index] !== prefix[index]) return false;
  return true;
}

/** Returns where a pattern first occurs, or -1. */
export function findBytes(bytes: Uint8Array, pattern: Uint8Array, from = 0): number {
  const first = pattern[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (startsWith(bytes, at, pattern)) return at;
  }
  return -1;
}
