// The bound of a transcription, from the proven duration, in seconds or tokens.

import type { ModelCard } from "../../core/catalog/card.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { ApiError } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";
import type { Demand } from "../../core/quota/bound.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import { MEASURABLE_FORMATS } from "./audio/measure-audio.ts";
import type { Recording } from "./recording.ts";
import type { TranscriptionRequest } from "./request.ts";

/** Tests if a model is priced by minutes of audio, or is free. Others are priced by tokens. */
export const isPricedByTime = ({ prices }: ModelCard): boolean => !prices || prices.minute_of_audio !== undefined;

/** Returns the caller's texts for the model: `prompt` and `keywords[]`. */
export const guidingText = ({ prompt, "keywords[]": keywords = [] }: TranscriptionRequest): string =>
  [...(prompt === undefined ? [] : [prompt]), ...keywords].join("\n");

/** Returns the demand of a request. A recording without a proven duration counts as the card's `max_audio_seconds`. */
export function demandOfRecording({ measure }: Recording, request: TranscriptionRequest, card: ModelCard): Demand {
  const seconds = measure.ok ? measure.seconds : (card.max_audio_seconds ?? 0);
  const { language = "", "languages[]": languages = [] } = request;
  const texts = [guidingText(request), language, ...languages];
  const demand = { inputBytes: utf8Length(texts.join("")), images: 0, choices: 1, chargesExcess: true };
  // OpenAI charges whole seconds. One more covers a decoder that rounds differently.
  const audioSeconds = Math.ceil(seconds) + 1;
  if (isPricedByTime(card)) return { ...demand, maxOutputTokens: 0, units: { audioSeconds } };
  return {
    ...demand,
    maxOutputTokens: undefined,
    audioTokens: Math.ceil(seconds * (card.audio_tokens_per_second ?? 0)),
    fixedOutput: { tokens: card.max_output_tokens ?? 0, isChargedWhole: false },
  };
}

/** Returns the reason why a model cannot take a recording; undefined when it can. */
export function refusalOfRecording(
  { measure }: Recording,
  request: TranscriptionRequest,
  { requestedName: name, card, fixed }: Model,
): ApiError | undefined {
  const { max_audio_seconds: most } = card;
  if (fixed.instructions !== undefined) {
    const message = `The model '${name}' has fixed instructions, but transcripts have none. Use another model.`;
    return apiError("unsupported_value", message, { param: "model" });
  }
  if (!measure.ok && most === undefined) {
    const message = `'file' cannot be metered: ${measure.reason}. Convert it to one of: ${MEASURABLE_FORMATS}.`;
    return apiError("unsupported_format", message, { param: "file" });
  }
  if (measure.ok && most !== undefined && measure.seconds > most) {
    const message = `'file' lasts ${Math.ceil(measure.seconds)} s, but '${name}' takes at most ${most} s. Split the file.`;
    return apiError("invalid_request", message, { param: "file" });
  }
  if (isPricedByTime(card)) return undefined;
  const missing = (["audio_tokens_per_second", "max_output_tokens"] as const).find((fact) => card[fact] === undefined);
  if (missing) {
    const message = `The model '${name}' is not offered: its card has no '${missing}', so the cost has no bound.`;
    return apiError("unsupported_value", `${message} Use another model.`, { param: "model" });
  }
  if (request.chunking_strategy === undefined) return undefined;
  const message = `With chunks, the output of the model '${name}' has no limit, so the cost has no bound.`;
  return apiError("unsupported_parameter", `${message} Leave out 'chunking_strategy'.`, { param: "chunking_strategy" });
}
