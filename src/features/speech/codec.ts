// Codec for speech in events: relays the events or their audio, and counts tokens.

import type { ErrorBody } from "../../core/errors.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import { concatBytes } from "../../core/relay/byte-buffers.ts";
import type { Codec } from "../../core/relay/codec.ts";
import { createEventDecoder } from "../../core/relay/event-codec.ts";
import { createAudioClock } from "./audio-clock.ts";
import { createBase64Decoder } from "./base64.ts";
import type { SpeechEvent } from "./events.ts";
import { decodeSpeechEvent } from "./events.ts";
import type { SpeechFormat } from "./request.ts";

export interface SpeechAnswer {
  format: SpeechFormat;
  speed: number;
  /** Tokens of a second of audio at the speed 1. */
  tokensPerSecond: number;
  /** The caller gets the provider's events, instead of the audio in them. */
  isEventStream: boolean;
}

const NO_BYTES = new Uint8Array(0);
const encoder = new TextEncoder();
const toEvent = (event: object) => encoder.encode(`data: ${JSON.stringify(event)}\n\n`);
const toErrorEvent = (error: ErrorBody) => toEvent({ type: "error", error });

/** Creates the codec of one answer. It buffers only the output of one read. */
export function createSpeechCodec({ format, speed, tokensPerSecond, isEventStream }: SpeechAnswer): Codec {
  const progress = emptyProgress();
  const clock = createAudioClock(format);
  const base64 = createBase64Decoder();
  // The provider can count the tokens before it changes the speed, so fast speech counts as at the speed 1.
  const tokensOf = (seconds: number) => Math.ceil(seconds * tokensPerSecond * Math.max(1, speed));
  let pending: Uint8Array[] = [];

  const pushAudio = (audio: Uint8Array) => {
    clock.push(audio);
    progress.relayedTokens = tokensOf(clock.seconds());
    // Audio that arrives together with an error was generated, and is charged.
    progress.outputBytes += audio.length;
    progress.begun = true;
    if (!isEventStream) pending.push(audio);
  };
  const decoder = createEventDecoder({ decode: decodeSpeechEvent }, progress, ({ raw, json }) => {
    // An error of the provider can name the operator's account. The closing event replaces it.
    if (isEventStream && !progress.error) pending.push(encoder.encode(raw));
    const { audio } = (json ?? {}) as Partial<SpeechEvent>;
    if (audio) pushAudio(base64.decode(audio));
  });

  return {
    progress,
    pace: "at once",
    push: decoder.push,
    take() {
      const bytes = concatBytes(pending);
      pending = [];
      return bytes;
    },
    finish() {
      decoder.flush();
      const last = base64.flush();
      if (last.length > 0) pushAudio(last);
    },
    isOverGrant: (grantedOutput) => (progress.relayedTokens ?? 0) > grantedOutput,
    conclude: () => (isEventStream && progress.overran ? toEvent(CUT_SHORT) : NO_BYTES),
    fail: (error) => (isEventStream ? toErrorEvent(error) : undefined),
    block: (error) => (isEventStream ? toErrorEvent(error) : NO_BYTES),
  };
}

/** The end of a speech that reached its ceiling. The names are those of Responses. */
const CUT_SHORT = { type: "speech.audio.done", incomplete_details: { reason: "max_output_tokens" } };
