// Finish reasons of choices, as OpenAI and other servers write them.

import type { Finish, Piece } from "../../core/relay/answer.ts";

/** The provider's reasons, in lower case, by the meaning of each. `failed`: the answer broke off at the provider. */
const FINISHES: Record<Finish | "failed", string[]> = {
  stop: ["stop", "stop_sequence", "eos", "eos_token", "end_turn", "end", "completed", "complete"],
  length: ["length", "model_length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"],
  tool_calls: ["tool_calls", "function_call", "tool_call", "tool_use"],
  content_filter: ["content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii", "sensitive"],
  refusal: ["refusal"],
  failed: ["error", "insufficient_system_resource", "network_error", "malformed_function_call", "abort", "cancelled"],
};

const BY_REASON = new Map(
  Object.entries(FINISHES).flatMap(([finish, reasons]) =>
    reasons.map((reason) => [reason, finish as keyof typeof FINISHES]),
  ),
);

/**
 * Converts a finish reason to a piece. An unknown reason is `length`: the answer may be incomplete, so its tool calls
 * must not run.
 */
export function toFinishPiece(reason: string): Piece {
  const finish = BY_REASON.get(reason.toLowerCase()) ?? "length";
  if (finish !== "failed") return { kind: "finish", finish };
  const message = `The provider ended the answer with '${reason}'.`;
  return { kind: "error", error: { message, type: "server_error", param: null, code: reason } };
}
