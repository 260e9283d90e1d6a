// Divides the output limit: reasoning tokens first, and the rest for visible tokens.
import type { Card } from "../catalog.ts";
import { invalidRequest, quotedList } from "../errors.ts";
import type { Script } from "../script.ts";
import { unsupportedParameter } from "./refused-parameters.ts";

const REASONING_TOKENS: Record<string, number> = {
  none: 0,
  minimal: 0,
  low: 16,
  medium: 64,
  high: 256,
  xhigh: 512,
  max: 1024,
};

export interface Budget {
  reasoningTokens: number;
  /** The most output tokens, including reasoning. */
  outputLimit: number;
}

export interface Output {
  pieces: string[];
  reasoning: number;
  /** True when the limit truncated the answer. */
  cut: boolean;
}

/** The reasoning tokens of an effort. A model that does not reason has none. Throws a 400 for an unsupported effort. */
export function reasoningTokens(card: Card, effort: string | undefined, param = "reasoning_effort"): number {
  if (!card.reasoning) {
    if (effort === undefined) return 0;
    throw unsupportedParameter(param);
  }
  if (effort === undefined) return REASONING_TOKENS["medium"] ?? 0;
  if (card.reasoning.efforts.includes(effort)) return REASONING_TOKENS[effort] ?? 0;
  const message =
    `Unsupported value: '${param}' does not support '${effort}' with this model. ` +
    `Supported values are: ${quotedList(card.reasoning.efforts)}.`;
  throw invalidRequest(message, param, "unsupported_value");
}

/**
 * Truncates an answer to the limit of the request, unless the script has `over_limit`, or to its `length_after` when
 * that is lower.
 */
export function fitOutput(pieces: string[], request: Budget, script: Script): Output {
  const reasoning = script.reasoning ?? request.reasoningTokens;
  const granted = script.over_limit ? Infinity : request.outputLimit;
  const limit = Math.min(granted, reasoning + (script.length_after ?? Infinity));
  const spent = Math.min(reasoning, limit);
  const room = limit - spent;
  const cut = pieces.length > room || spent < reasoning;
  return { pieces: cut ? pieces.slice(0, room) : pieces, reasoning: spent, cut };
}
