// The schema of POST /v1/audio/speech.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { textUpTo } from "../../core/http/bounded-schemas.ts";

/** OpenAI's limit of the input and of the instructions, in characters. */
export const MAX_SPEECH_CHARACTERS = 4096;

/** Formats of the audio. */
export const SPEECH_FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"] as const;
export type SpeechFormat = (typeof SPEECH_FORMATS)[number];

/** Counts Unicode characters, as the provider bills them. */
export const charactersIn = (text: string) => Array.from(text).length;

/** A character has at most two UTF-16 units. A longer text is refused without a count. */
const isShort = (text: string) =>
  text.length <= 2 * MAX_SPEECH_CHARACTERS && charactersIn(text) <= MAX_SPEECH_CHARACTERS;

const Spoken = v.pipe(
  v.string(),
  v.check(isShort, `must have at most ${MAX_SPEECH_CHARACTERS} characters: send longer texts in parts`),
);

/** Custom voices are biometric data of the operator's organisation, so callers cannot name them. */
const Voice = v.pipe(
  v.unknown(),
  v.check((voice) => typeof voice !== "object", "must be the name of a built-in voice, such as 'alloy'"),
  v.string(),
  v.minLength(1),
  v.maxLength(100),
);

export const SpeechRequest = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)),
  input: v.pipe(Spoken, v.minLength(1)),
  voice: Voice,
  instructions: v.nullish(textUpTo(MAX_SPEECH_CHARACTERS)),
  response_format: v.nullish(v.picklist(SPEECH_FORMATS)),
  speed: v.nullish(v.pipe(v.number(), v.minValue(0.25), v.maxValue(4))),
  stream_format: v.nullish(v.picklist(["audio", "sse"])),
});

export type SpeechRequest = v.InferOutput<typeof SpeechRequest>;
