// An answer that comes in one piece, in any dialect: passed on as it is, or slim.

import { apiError } from "../../core/errors.ts";
import type { Dialect, Piece } from "../../core/relay/answer.ts";
import { emptyProgress, note } from "../../core/relay/answer.ts";
import { createToolCollector, toSummary } from "../../features/slim-chat/codec.ts";
import type { WholeAnswer } from "../../core/gateway/exchange.ts";

/** The answer as the provider wrote it. Throws `provider_error` when it cannot be read. */
export function passWhole(body: string, dialect: Dialect): WholeAnswer {
  const progress = emptyProgress();
  let said = "";
  for (const piece of piecesOf(body, dialect)) {
    note(progress, piece);
    if (piece.kind === "text") said += piece.text;
  }
  return { progress, said, conclude: () => body };
}

/** The answer as one slim object. Throws `provider_error` when it cannot be read. */
export function slimWhole(body: string, dialect: Dialect): WholeAnswer {
  const progress = emptyProgress();
  const collector = createToolCollector();
  let text = "";
  let thinking = "";
  for (const piece of piecesOf(body, dialect)) {
    note(progress, piece);
    if (piece.kind === "text") text += piece.text;
    if (piece.kind === "thinking") thinking += piece.text;
    if (piece.kind === "tool") collector.add(piece);
  }
  const tools = collector.take(progress);
  const more = { ...(thinking === "" ? {} : { thinking }), ...(tools.length > 0 ? { tools } : {}) };
  return {
    progress,
    said: text,
    conclude: (settled) => JSON.stringify({ text, ...more, ...toSummary(progress, settled) }),
  };
}

function piecesOf(body: string, dialect: Dialect): Piece[] {
  try {
    const pieces = dialect(body);
    if (pieces.some(({ kind }) => kind === "finish" || kind === "error")) return pieces;
    throw new Error("an answer that does not say how it ended");
  } catch (cause) {
    throw apiError("provider_error", "The model's answer could not be read. Please try again.", { cause });
  }
}
