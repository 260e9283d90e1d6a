// Reads an answer that was not streamed and passes it on as it is.

import { apiError } from "../../core/errors.ts";
import type { WholeAnswer } from "../../core/gateway/exchange.ts";
import type { Progress } from "../../core/relay/answer.ts";
import { applyPiece, emptyProgress } from "../../core/relay/answer.ts";
import type { Decoded, Dialect } from "../../core/relay/dialect.ts";

/** The answer as the provider wrote it. Throws `provider_error` when it cannot be read. */
export function passWhole(body: string, dialect: Dialect): WholeAnswer {
  const { progress, decoded } = readWhole(body, dialect);
  return { progress, moderatedText: () => dialect.moderatedText(decoded.json), conclude: () => body };
}

/** Decodes a complete answer. Throws `provider_error` when it cannot be read, or does not tell how it ended. */
export function readWhole(body: string, dialect: Dialect): { progress: Progress; decoded: Decoded } {
  try {
    const decoded = dialect.decodeWhole(body);
    const isComplete = decoded.pieces.some(({ kind }) => kind === "finish" || kind === "error");
    if (!isComplete) throw new Error("an answer that does not tell how it ended");
    const progress = emptyProgress();
    for (const piece of decoded.pieces) applyPiece(progress, piece);
    return { progress, decoded };
  } catch (cause) {
    throw apiError("provider_error", "The model's answer could not be read. Please try again.", { cause });
  }
}
