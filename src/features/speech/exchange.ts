// The speech exchange: its bound, and audio that is relayed as it arrives.

import type { ModelCard } from "../../core/catalog/card.ts";
import type { Model } from "../../core/catalog/resolve.ts";
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
      const { card, snapshot } = model;
      const facts = requireSpeechFacts(model, request);
      const sent = { ...asked, model: snapshot, ...(facts && { stream_format: "sse" }) };
      return {
        ask: {
          endpoint,
          needs: parameterNeeds(asked, endpoint, (field) => field),
          demand: demandOf(request, card),
          subject: subjectOf(request),
          write: () => jsonBody(JSON.stringify(sent)),
        },
        reply: facts ? eventsReply(request, facts.tokensPerSecond, isEventStream) : BINARY_REPLY,
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

/**
 * Returns the facts of a model that is priced by tokens; undefined for one that is priced by characters. Throws 400 when
 * the card lacks what the bound needs, and for a text that is too long for the model.
 */
function requireSpeechFacts(model: Model, { input }: SpeechRequest): { tokensPerSecond: number } | undefined {
  const { card, requestedName } = model;
  // The refusal of a model without speech names those that have it.
  if (!card.endpoints.includes(endpoint)) return undefined;
  const most = card.max_characters ?? Infinity;
  if (charactersIn(input) > most) {
    const message = `'input' must have at most ${most} characters for the model '${requestedName}'. Send it in parts.`;
    throw apiError("invalid_request", message, { param: "input" });
  }
  const { speech_tokens_per_character: perCharacter, audio_tokens_per_second: tokensPerSecond, prices } = card;
  if (perCharacter === undefined) {
    const isByCharacters = prices?.million_characters !== undefined && prices.output === undefined;
    if (prices && !isByCharacters)
      throw missingFactError(requestedName, "prices.million_characters' or 'speech_tokens_per_character");
    return undefined;
  }
  if (tokensPerSecond === undefined) throw missingFactError(requestedName, "audio_tokens_per_second");
  return { tokensPerSecond };
}

const missingFactError = (name: string, fact: string) =>
  apiError(
    "unsupported_value",
    `The model '${name}' is not offered for speech: its card lacks '${fact}'. Use another model.`,
    { param: "model" },
  );

function demandOf(request: SpeechRequest, card: ModelCard): Demand {
  const { input, instructions } = request;
  const ceiling = speechCeiling(request, card);
  return {
    inputBytes: utf8Length(input) + utf8Length(instructions ?? ""),
    images: 0,
    choices: 1,
    maxOutputTokens: 0,
    units: { characters: charactersIn(input) },
    ...(ceiling !== undefined && { fixedOutput: { tokens: ceiling, isChargedWhole: false } }),
  };
}

const subjectOf = ({ input, instructions }: SpeechRequest): Subject => ({
  text: instructions ? `${instructions}\n${input}` : input,
  images: [],
});
