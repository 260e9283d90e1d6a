// How much a model may say: reasoning tokens by effort come first, the visible text gets what they leave.
import { invalidRequest, quotedList } from "../errors.ts";
import type { Card } from "../catalog.ts";
import { unsupportedParameter } from "./refused-parameters.ts";
import type { Script } from "../script.ts";

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
  /** The most tokens, reasoning included. */
  outputLimit: number;
}

export interface Output {
  pieces: string[];
  reasoning: number;
  /** Whether the limit took something away. */
  cut: boolean;
}

/** How many tokens a model thinks at that effort; 0 for models that do not. Throws a 400 for an effort it has not; `param` names it. */
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

/** Fits reasoning and text into what the request allows, or the script when that is less. */
export function fitOutput(pieces: string[], request: Budget, script: Script): Output {
  const reasoning = script.reasoning ?? request.reasoningTokens;
  const limit = Math.min(request.outputLimit, reasoning + (script.length_after ?? Infinity));
  const spent = Math.min(reasoning, limit);
  const room = limit - spent;
  const cut = pieces.length > room || spent < reasoning;
  return { pieces: cut ? pieces.slice(0, room) : pieces, reasoning: spent, cut };
}
