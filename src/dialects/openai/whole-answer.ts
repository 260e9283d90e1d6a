// The decoder of answers that are not streamed, and their pass-through.

import { apiError, InternalError } from "../../core/errors.ts";
import type { WholeAnswer } from "../../core/gateway/exchange.ts";
import type { Progress } from "../../core/relay/answer.ts";
import { applyPiece, emptyProgress } from "../../core/relay/answer.ts";
import type { Decoded, Dialect } from "../../core/relay/dialect.ts";

/** Passes a complete answer through unchanged. Throws 502 `provider_error` when it cannot be decoded. */
export function passWhole(body: string, dialect: Dialect): WholeAnswer {
  const { progress, decoded } = decodeWholeAnswer(body, dialect);
  return { progress, allText: () => dialect.allText(decoded.json), conclude: () => body };
}

/**
 * Decodes a complete answer. Throws 502 `provider_error` when it cannot be decoded, or has no finish reason or error.
 */
export function decodeWholeAnswer(body: string, dialect: Dialect): { progress: Progress; decoded: Decoded } {
  try {
    const decoded = dialect.decodeWhole(body);
    const isComplete = decoded.pieces.some(({ kind }) => kind === "finish" || kind === "error");
    if (!isComplete) throw new InternalError("the answer has no finish reason");
    const progress = emptyProgress();
    for (const piece of decoded.pieces) applyPiece(progress, piece);
    return { progress, decoded };
  } catch (cause) {
    throw apiError("provider_error", "The model's answer could not be read. Please try again.", { cause });
  }
}
