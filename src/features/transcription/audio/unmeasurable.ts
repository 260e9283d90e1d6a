// The error of the audio parsers for a file whose duration cannot be proved.

/** Its message is a clause for the caller, such as "the WAV file has no data". */
export class UnmeasurableAudio extends Error {}

export function refuseAudio(reason: string): never {
  throw new UnmeasurableAudio(reason);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The integer that four ASCII characters are in big-endian order, as the identifiers of RIFF, MP4 and Ogg. */
export function fourCharacters(text: string): number {
  return viewOf(new TextEncoder().encode(text)).getUint32(0);
}
