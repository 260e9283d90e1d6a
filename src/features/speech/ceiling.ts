// The ceiling of a speech: its most output tokens, at which Weir ends it. Pure.

import type { ModelCard } from "../../core/catalog/card.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import type { SpeechRequest } from "./request.ts";

/** Tokens beside those of the text: a short text has silence around it, and numbers take long. 5 s at 20 per second. */
const BASE_TOKENS = 100;

/** Capitals are spelled, digits and symbols are spoken as words, and commas are pauses. */
const LONG_CHARACTERS = /[!-`{-~]/g;
const LONG_CHARACTER_WEIGHT = 3;

/**
 * Returns the ceiling in tokens; undefined when the model is not priced by tokens. A character is weighed by its UTF-8
 * bytes, because a Chinese character is a syllable. Slow speech lasts longer. Fast speech is not cheaper here.
 */
export function speechCeiling(
  { input, speed }: Pick<SpeechRequest, "input" | "speed">,
  { speech_tokens_per_character: perCharacter }: Pick<ModelCard, "speech_tokens_per_character">,
): number | undefined {
  if (perCharacter === undefined) return undefined;
  const long = input.match(LONG_CHARACTERS)?.length ?? 0;
  const weight = utf8Length(input) + long * (LONG_CHARACTER_WEIGHT - 1);
  return Math.ceil((BASE_TOKENS + weight * perCharacter) / Math.min(1, speed ?? 1));
}
