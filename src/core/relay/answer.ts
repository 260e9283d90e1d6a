// What an answer is made of, whatever dialect it came in and whatever form it leaves in.

import type { ErrorBody } from "../errors.ts";

/** Tokens as the provider counted them. `cached` and `cacheWrite` are part of `input`, `reasoning` is part of `output`. */
export interface Usage {
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
}

/** Why an answer stopped. */
export type Finish = "stop" | "length" | "tool_calls" | "content_filter" | "refusal";

/** One thing that one event of a provider's stream says. */
export type Piece =
  | { kind: "text"; text: string }
  /** Part of the summary of what a reasoning model thought. */
  | { kind: "thinking"; text: string }
  /** Part of the tool call with that index; `arguments` is a fragment of JSON text. */
  | { kind: "tool"; index: number; id?: string; name?: string; arguments: string }
  /** A tool that the provider itself has run. */
  | { kind: "hosted call" }
  | { kind: "finish"; finish: Finish }
  /** `alone`: the event holds nothing else. */
  | { kind: "usage"; usage: Usage; alone: boolean }
  /** Where the dialect says nothing after it, `end` follows. */
  | { kind: "error"; error: ErrorBody }
  /** The dialect's own sign that nothing more comes. */
  | { kind: "end" };

/** Reads the data of one event. What it does not know it leaves out; it throws when the data is not the dialect's. */
export type Dialect = (data: string) => Piece[];

/** What is known of an answer so far; at its end, what settling needs. */
export interface Progress {
  /** An event has arrived. */
  heard: boolean;
  /** UTF-8 bytes of text and tool arguments so far. */
  outputBytes: number;
  hostedCalls?: number;
  finish?: Finish;
  usage?: Usage;
  error?: ErrorBody;
  /** The provider said that nothing more comes. */
  ended: boolean;
}

/** Notes a piece of an answer. */
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
    case "hosted call":
      progress.hostedCalls = (progress.hostedCalls ?? 0) + 1;
      break;
    case "finish":
      // A refusal is told before the finish of the stream that holds it, and says more.
      progress.finish ??= piece.finish;
      break;
    case "usage":
      progress.usage = piece.usage;
      break;
    case "error":
      // An error that is told twice says more at first.
      progress.error ??= piece.error;
      break;
    case "end":
      progress.ended = true;
      break;
  }
}

export function emptyProgress(): Progress {
  return { heard: false, outputBytes: 0, ended: false };
}

/** The UTF-8 bytes of a text, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A surrogate is half of a four-byte character; other units above 0x7ff take three bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return bytes;
}
