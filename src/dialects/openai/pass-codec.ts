// Pass-through codecs for streams of choices. They remove error events, and a usage chunk that was not requested.

import type { Piece, Progress } from "../../core/relay/answer.ts";
import { concatBytes } from "../../core/relay/byte-buffers.ts";
import type { ChargedTokens, Codec, CreateEventCodec } from "../../core/relay/codec.ts";
import type { Dialect } from "../../core/relay/dialect.ts";
import { createEventFilter } from "../../core/relay/event-filter.ts";
import { createUsageTap } from "../../core/relay/usage-tap.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

export interface PassOptions {
  /** The caller requested usage. Other clients may fail on a chunk without choices. */
  keepUsage: boolean;
  lastChunk: LastChunk;
}

/** The endpoint's form of the chunk that ends an answer. */
export interface LastChunk {
  object: string;
  /** The fields of a choice without content. */
  emptyChoice: object;
}

/**
 * Passes complete events through, byte for byte. Removes the provider's error events, because `fail` writes Weir's.
 * Removes the usage chunk unless `keepUsage`.
 */
export function createChoicesPassCodec(dialect: Dialect, { keepUsage, lastChunk }: PassOptions): Codec {
  const tap = createUsageTap(dialect);
  const { progress } = tap;
  let isFinished = false;
  const filter = createEventFilter((data) => {
    const pieces = piecesOf(data, dialect);
    // An invalid event passes through, but not at the end of the stream: there it is incomplete.
    if (!pieces) return isFinished;
    for (const piece of pieces) {
      // Nothing follows these pieces, so the relay must not wait for more.
      if (piece.kind === "end") progress.ended = true;
      if (piece.kind === "error") progress.error = piece.error;
    }
    return isRemoved(pieces, progress, keepUsage);
  });
  let pending: Uint8Array = NOTHING;
  const add = (sendable: Uint8Array) => {
    pending = pending.length === 0 ? sendable : concatBytes([pending, sendable]);
  };

  return {
    progress,
    pace: "at once",
    push(bytes) {
      tap.push(bytes);
      add(filter.read(bytes));
    },
    take() {
      const bytes = pending;
      pending = NOTHING;
      return bytes;
    },
    finish() {
      isFinished = true;
      add(filter.flush());
      tap.finish();
    },
    isOverGrant: (grantedOutput) => tap.isOverGrant(grantedOutput),
    conclude: () => (progress.overran ? toEnd(lastChunk, tap.first, "length") : NOTHING),
    fail: (error) => encoder.encode(`data: ${JSON.stringify({ error })}\n\n`),
    block: (_, first, charged) => toEnd(lastChunk, first, "content_filter", keepUsage ? charged : undefined),
  };
}

/** Passes decoded events through, for moderated answers. */
export const passChoicesEvents =
  ({ keepUsage, lastChunk }: PassOptions): CreateEventCodec =>
  (progress) => {
    let pending = "";
    let first: unknown;
    return {
      pace: "at once",
      push({ raw, pieces, json }) {
        first ??= json;
        if (!isRemoved(pieces, progress, keepUsage)) pending += raw;
      },
      take() {
        const bytes = encoder.encode(pending);
        pending = "";
        return bytes;
      },
      conclude: () => (progress.overran ? toEnd(lastChunk, first, "length") : NOTHING),
      fail: (error) => encoder.encode(`data: ${JSON.stringify({ error })}\n\n`),
      block: (_, begun, charged) => toEnd(lastChunk, begun, "content_filter", keepUsage ? charged : undefined),
    };
  };

/** Writes the end of an answer that Weir stopped: the finish reason, `charged` as the usage chunk, and `[DONE]`. */
function toEnd(
  { object, emptyChoice }: LastChunk,
  first: unknown,
  finishReason: "content_filter" | "length",
  charged?: ChargedTokens,
): Uint8Array {
  const { id, created, model } = (first ?? {}) as Record<string, unknown>;
  const write = (fields: object) => `data: ${JSON.stringify({ id, object, created, model, ...fields })}\n\n`;
  const finish = write({ choices: [{ index: 0, ...emptyChoice, finish_reason: finishReason }] });
  return encoder.encode(`${finish}${charged ? write({ choices: [], usage: toUsage(charged) }) : ""}data: [DONE]\n\n`);
}

const toUsage = ({ input, cached, output, reasoning }: ChargedTokens) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
});

/** Returns the pieces of an event, or undefined when it is invalid. */
function piecesOf(data: string, dialect: Dialect): Piece[] | undefined {
  try {
    return dialect.decode(data).pieces;
  } catch {
    return undefined;
  }
}

/** The end mark of a failed answer is removed: clients would not read the error after it. */
const isRemoved = (pieces: Piece[], progress: Progress, keepUsage: boolean) =>
  pieces.some(
    (piece) =>
      piece.kind === "error" ||
      (piece.kind === "end" && progress.error !== undefined) ||
      (piece.kind === "usage" && piece.alone && !keepUsage),
  );
