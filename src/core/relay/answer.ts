// The parts of a model's answer, independent of the dialect it came in and of the format it leaves in.

import type { ErrorBody } from "../errors.ts";
import { utf8Length } from "../utf8-length.ts";

/**
 * What the provider counted. `cached` and `cacheWrite` are part of `input`, `reasoning` is part of `output`; the tokens of
 * images and audio are part of all three. Everything but `input` and `output` may be 0 or absent.
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

/** One thing that an event of a provider's stream tells. */
export type Piece =
  | { kind: "text"; text: string }
  /** Part of the summary of the model's reasoning. */
  | { kind: "thinking"; text: string }
  /** Part of the tool call with that index; `arguments` is a fragment of JSON text. */
  | { kind: "tool"; index: number; id?: string; name?: string; arguments: string }
  /** The provider ran a tool by itself. */
  | { kind: "provider_call" }
  | { kind: "finish"; finish: Finish }
  /** `alone`: the event holds nothing else. */
  | { kind: "usage"; usage: Usage; alone: boolean }
  /** In a dialect that sends nothing after an error, `end` follows. */
  | { kind: "error"; error: ErrorBody }
  /** The dialect's own sign that nothing more comes. */
  | { kind: "end" };

/** What is known of an answer so far; at its end, what settling needs. */
export interface Progress {
  /** An event has arrived. */
  heard: boolean;
  /** UTF-8 bytes of text and tool arguments so far. */
  outputBytes: number;
  /** Tools that the provider ran. */
  providerCalls?: number;
  finish?: Finish;
  usage?: Usage;
  error?: ErrorBody;
  /** The provider said that nothing more comes. */
  ended: boolean;
}

/** Adds a piece of an answer to its progress. */
export function note(progress: Progress, piece: Piece): void {
  progress.heard = true;
  switch (piece.kind) {
    case "text":
      progress.outputBytes += utf8Length(piece.text);
      break;
    case "tool":
      progress.outputBytes += utf8Length(piece.arguments);
      break;
    case "thinking":
      break;
    case "provider_call":
      progress.providerCalls = (progress.providerCalls ?? 0) + 1;
      break;
    case "finish":
      // A refusal comes before the finish of its stream, and says more.
      progress.finish ??= piece.finish;
      break;
    case "usage":
      progress.usage = piece.usage;
      break;
    case "error":
      // When an error is told twice, the first one says more.
      progress.error ??= piece.error;
      break;
    case "end":
      progress.ended = true;
      break;
  }
}

/** The progress of an answer that has not begun. */
export function emptyProgress(): Progress {
  return { heard: false, outputBytes: 0, ended: false };
}
