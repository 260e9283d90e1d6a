// The speech exchange: its bound, and audio that is relayed as it arrives.

import type { ModelCard } from "../../core/catalog/card.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Need } from "../../core/catalog/support.ts";
import type { ApiError } from "../../core/errors.ts";
import { apiError } from "../../core/errors.ts";
import type { BytesReply, Subject, Way } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import type { Demand } from "../../core/quota/bound.ts";
import { createBytesCodec } from "../../core/relay/bytes-codec.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import { parameterNeeds } from "../../dialects/openai/request-body.ts";
import { speechCeiling } from "./ceiling.ts";
import { createSpeechCodec } from "./codec.ts";
import type { SpeechFormat, SpeechRequest } from "./request.ts";
import { charactersIn } from "./request.ts";

const endpoint = "speech_generation";

/** The content types of OpenAI's own answers. */
const CONTENT_TYPES: Record<SpeechFormat, string> = {
  mp3: "audio/mpeg",
  opus: "audio/opus",
  aac: "audio/aac",
  flac: "audio/flac",
  wav: "audio/wav",
  pcm: "audio/pcm",
};

/**
 * A speech request. A model with `speech_tokens_per_character` is asked for events, because only they report usage. The
 * caller gets the format of its request.
 */
export function passSpeech(request: SpeechRequest): Way {
  // Audio is the default of the provider. Models without events refuse the parameter.
  const { stream_format: streamFormat, ...rest } = request;
  const isEventStream = streamFormat === "sse";
  const asked = isEventStream ? request : rest;
  return {
    endpoint,
    prepare(model) {
      const { card, snapshot, fixed } = model;
      const isByTokens = card.speech_tokens_per_character !== undefined;
      const sent: SpeechRequest = { ...asked, model: snapshot };
      if (isByTokens) sent.stream_format = "sse";
      if (fixed.instructions) sent.instructions = withFixed(fixed.instructions, request.instructions);
      return {
        ask: {
          endpoint,
          needs: [...parameterNeeds(asked, endpoint, (field) => field), factNeed(card)],
          refusal: tooLongRefusal(request, model) ?? instructionsRefusal(model),
          demand: demandOf(sent, card),
          subject: subjectOf(request),
          write: () => jsonBody(JSON.stringify(sent)),
        },
        reply: isByTokens ? eventsReply(request, card.audio_tokens_per_second ?? 0, isEventStream) : BINARY_REPLY,
      };
    },
  };
}

/** The answer of a model that is priced by characters. Its cost is known before, so nothing is read from it. */
const BINARY_REPLY: BytesReply = { kind: "bytes", createCodec: () => createBytesCodec(() => undefined) };

function eventsReply(request: SpeechRequest, tokensPerSecond: number, isEventStream: boolean): BytesReply {
  const format = request.response_format ?? "mp3";
  const speed = request.speed ?? 1;
  return {
    kind: "bytes",
    readsEvents: true,
    ...(isEventStream ? {} : { contentType: CONTENT_TYPES[format] }),
    createCodec: () => createSpeechCodec({ format, speed, tokensPerSecond, isEventStream }),
  };
}

/** The fact that the bound needs and the card lacks; undefined when the bound has all. */
function missingFact({
  speech_tokens_per_character: perCharacter,
  audio_tokens_per_second: tokensPerSecond,
  prices,
}: ModelCard): string | undefined {
  if (perCharacter !== undefined) return tokensPerSecond === undefined ? "audio_tokens_per_second" : undefined;
  const isByCharacters = prices?.million_characters !== undefined && prices.output === undefined;
  return prices && !isByCharacters ? "speech_tokens_per_character' or 'prices.million_characters" : undefined;
}

const factNeed = (card: ModelCard): Need => ({
  kind: "fact",
  param: "model",
  title: `speech, because its card has no '${missingFact(card)}'`,
  isMetBy: (other) => missingFact(other) === undefined,
});

/** The refusal of a text that is too long for the model. */
function tooLongRefusal({ input }: SpeechRequest, { card, requestedName }: Model): ApiError | undefined {
  const most = card.max_characters ?? Infinity;
  if (charactersIn(input) <= most) return undefined;
  const message = `'input' must have at most ${most} characters for the model '${requestedName}'. Send it in parts.`;
  return apiError("invalid_request", message, { param: "input" });
}

/** The operator's instructions come first. */
const withFixed = (fixed: string, instructions: string | null | undefined) =>
  instructions ? `${fixed}\n\n${instructions}` : fixed;

/** The refusal of an alias whose instructions the model cannot follow. */
function instructionsRefusal({ card, fixed, requestedName }: Model): ApiError | undefined {
  if (!fixed.instructions || !card.refuses[endpoint]?.includes("instructions")) return undefined;
  const message = `The model '${requestedName}' has fixed instructions, which it cannot follow. Use another one.`;
  return apiError("unsupported_value", message, { param: "model" });
}

function demandOf(request: SpeechRequest, card: ModelCard): Demand {
  const { input, instructions } = request;
  const ceiling = speechCeiling(request, card);
  return {
    inputBytes: utf8Length(input) + utf8Length(instructions ?? ""),
    images: 0,
    choices: 1,
    maxOutputTokens: 0,
    chargesExcess: true,
    units: { characters: charactersIn(input) },
    ...(ceiling !== undefined && { fixedOutput: { tokens: ceiling, isChargedWhole: false } }),
  };
}

const subjectOf = ({ input, instructions }: SpeechRequest): Subject => ({
  text: instructions ? `${instructions}\n${input}` : input,
  images: [],
});
