// The parts of a model's answer, independent of dialect and of the caller's format.

import type { ErrorBody } from "../errors.ts";
import { utf8Length } from "../utf8-length.ts";

/**
 * Usage as the provider reports it. `input` includes `cached` and `cacheWrite`; `output` includes `reasoning`. `input`,
 * `cached` and `output` include the tokens of images and audio.
 */
export interface Usage {
  /** Tokens. */
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
  image?: ModalityUsage;
  audio?: ModalityUsage;
  /** Seconds of audio, where the provider counts time instead of tokens. */
  audioSeconds?: number;
}

/** The tokens of one modality. */
export interface ModalityUsage {
  input: number;
  cached: number;
  output: number;
}

/** Why an answer stopped. */
export type Finish = "stop" | "length" | "tool_calls" | "content_filter" | "refusal";

/** One decoded part of a provider's event. */
export type Piece =
  | { kind: "text"; text: string }
  /** Part of the summary of the model's reasoning. */
  | { kind: "thinking"; text: string }
  /** Part of the tool call with that index; `arguments` is a fragment of JSON text. */
  | { kind: "tool"; index: number; id?: string; name?: string; arguments: string }
  /** The provider ran a tool by itself. */
  | { kind: "provider_tool_call" }
  | { kind: "finish"; finish: Finish }
  /** `alone`: the event contains only usage. */
  | { kind: "usage"; usage: Usage; alone: boolean }
  /** In a dialect that sends nothing after an error, `end` follows. */
  | { kind: "error"; error: ErrorBody }
  /** The dialect's end mark. */
  | { kind: "end" };

/** The state of an answer so far. Settlement reads it at the end. */
export interface Progress {
  /** An event has arrived. */
  heard: boolean;
  /** Text, a tool call or the end has arrived. Before that, the model may be reasoning. */
  begun: boolean;
  /** UTF-8 bytes of text and tool arguments so far. */
  outputBytes: number;
  /** Output tokens so far, where their number does not follow from `outputBytes`. */
  relayedTokens?: number;
  /** Tool calls that the provider ran. */
  providerToolCalls?: number;
  finish?: Finish;
  usage?: Usage;
  error?: ErrorBody;
  /** The end mark has arrived. */
  ended: boolean;
  /** Weir ended the answer, because the provider exceeded the granted output. */
  overran?: boolean;
}

/** Adds a piece of an answer to its progress. */
export function applyPiece(progress: Progress, piece: Piece): void {
  progress.heard = true;
  if (piece.kind !== "thinking" && piece.kind !== "usage") progress.begun = true;
  switch (piece.kind) {
    case "text":
      progress.outputBytes += utf8Length(piece.text);
      break;
    case "tool":
      progress.outputBytes += utf8Length(piece.arguments);
      break;
    case "thinking":
      break;
    case "provider_tool_call":
      progress.providerToolCalls = (progress.providerToolCalls ?? 0) + 1;
      break;
    case "finish":
      // A refusal precedes the stream's own finish reason and is more specific.
      progress.finish ??= piece.finish;
      break;
    case "usage":
      progress.usage = piece.usage;
      break;
    case "error":
      // Providers can repeat an error; the first one is more specific.
      progress.error ??= piece.error;
      break;
    case "end":
      progress.ended = true;
      break;
  }
}

/** The progress of an answer that has not started. */
export function emptyProgress(): Progress {
  return { heard: false, begun: false, outputBytes: 0, ended: false };
}

/** UTF-8 bytes of a token, above the average of any answer. Only single tokens are longer. */
const MOST_BYTES_PER_TOKEN = 8;
const SHORT_ANSWER_BYTES = 512;

/**
 * Tests if an answer is longer than the granted output tokens of all its choices can be. An answer that was granted none
 * is not priced by its tokens, so it has no limit.
 */
export function isOverGrant({ outputBytes }: Progress, grantedOutput: number): boolean {
  return grantedOutput > 0 && outputBytes > grantedOutput * MOST_BYTES_PER_TOKEN + SHORT_ANSWER_BYTES;
}

/** Ends the answer of a provider that does not keep the granted output. */
export function endOverrun(progress: Progress): void {
  Object.assign(progress, { finish: "length", ended: true, overran: true } satisfies Partial<Progress>);
}
