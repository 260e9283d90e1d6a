// The slim answer without streaming: one JSON object.

import type { WholeAnswer } from "../../core/gateway/exchange.ts";
import type { Dialect } from "../../core/relay/dialect.ts";
import { decodeWholeAnswer } from "../../dialects/openai/whole-answer.ts";
import { toSlimJson, toSummary } from "./codec.ts";
import { createToolCollector } from "./tool-calls.ts";

export interface SlimAnswer extends WholeAnswer {
  /** The text that the model wrote. */
  text: string;
}

/**
 * Converts a complete answer to one slim object. `createId` makes ids of tool calls. Throws 502 `provider_error` when
 * the answer cannot be decoded.
 */
export function slimWhole(body: string, dialect: Dialect, createId: () => string): SlimAnswer {
  const { progress, decoded } = decodeWholeAnswer(body, dialect);
  const collector = createToolCollector(createId);
  let text = "";
  let thinking = "";
  for (const piece of decoded.pieces) {
    if (piece.kind === "text") text += piece.text;
    if (piece.kind === "thinking") thinking += piece.text;
    if (piece.kind === "tool") collector.add(piece);
  }
  const tools = collector.take(progress);
  const more = { ...(thinking === "" ? {} : { thinking }), ...(tools.length > 0 ? { tools } : {}) };
  return {
    progress,
    text,
    allText: () => dialect.allText(decoded.json),
    conclude: (settled) => toSlimJson({ text, ...more, ...toSummary(progress, settled, tools.length > 0) }),
  };
}
