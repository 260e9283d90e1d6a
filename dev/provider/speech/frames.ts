// The frames of a speech: bytes, or events with base64. One for each token.
import { concatBytes } from "../../../src/core/relay/byte-buffers.ts";
import type { Frames } from "../kernel/delivery/paced-stream.ts";
import { SERVER_ERROR } from "../kernel/faults.ts";
import type { Audio } from "./audio.ts";

/** The audio itself. Its head comes with the first token. */
export function toBinaryFrames(audio: Audio, tokenCount: number): Frames {
  return {
    head: [],
    tokenCount,
    token: (position) => pieceOf(audio, position),
    tail: [],
    failure: () => "",
  };
}

/** The events of `stream_format: "sse"`. `inputTokens` is null for an answer without usage. */
export function toEventFrames(audio: Audio, tokenCount: number, inputTokens: number | null): Frames {
  const usage = inputTokens !== null && {
    usage: { input_tokens: inputTokens, output_tokens: tokenCount, total_tokens: inputTokens + tokenCount },
  };
  return {
    head: [],
    tokenCount,
    token: (position) => toEvent({ type: "speech.audio.delta", audio: toBase64(pieceOf(audio, position)) }),
    tail: [toEvent({ type: "speech.audio.done", ...usage })],
    failure: () => toEvent({ type: "error", error: SERVER_ERROR }),
  };
}

const pieceOf = ({ head, token }: Audio, position: number) =>
  position === 0 ? concatBytes([head, token(0)]) : token(position);

const toEvent = (event: object) => `data: ${JSON.stringify(event)}\n\n`;

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
