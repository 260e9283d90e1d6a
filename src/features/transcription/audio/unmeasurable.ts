// The error of the audio parsers.

/** The duration cannot be proved. The message is a clause about the file, such as "it has no data". */
export class UnmeasurableAudio extends Error {}

export function refuseAudio(reason: string): never {
  throw new UnmeasurableAudio(reason);
}
