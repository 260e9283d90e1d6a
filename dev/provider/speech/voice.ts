// A babble that sounds like soft speech: syllables of a hummed tone, with pauses between words.

const SYLLABLE_SECONDS = 0.2;
/** Pitches of the syllables, in Hz. Zero is a pause. */
const MELODY = [140, 165, 150, 0, 130, 145, 175, 155, 0, 150, 125, 0];
const LOUDNESS = 0.35;

/** The sample at a time in seconds, between -1 and 1. */
export function sampleAt(seconds: number): number {
  const syllable = Math.floor(seconds / SYLLABLE_SECONDS);
  const pitch = MELODY[syllable % MELODY.length] ?? 0;
  const within = seconds - syllable * SYLLABLE_SECONDS;
  const envelope = Math.sin((Math.PI * within) / SYLLABLE_SECONDS) ** 2;
  const phase = 2 * Math.PI * pitch * within;
  return LOUDNESS * envelope * (Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.25 * Math.sin(5 * phase));
}
