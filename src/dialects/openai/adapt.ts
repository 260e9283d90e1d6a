// The adaptation of a request for a model that has shut down to its successor.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Endpoint } from "../../core/catalog/endpoints.ts";

/** All efforts, the weakest first. */
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** Parameters that only tune an answer, so that a request stays meaningful without them. */
const TUNING = new Set([
  "temperature",
  "top_p",
  "presence_penalty",
  "frequency_penalty",
  "parallel_tool_calls",
  "seed",
  "verbosity",
]);

/**
 * Returns the effort to send. An effort that only the original model supports becomes the nearest effort of the
 * successor, the lower one of two, or undefined when the successor does not reason. Any other effort is unchanged.
 */
export function adaptEffort(effort: string | undefined, { card, requestedCard }: Model): string | undefined {
  const supported = card.reasoning?.efforts ?? [];
  if (effort === undefined || supported.includes(effort) || !requestedCard.reasoning?.efforts.includes(effort))
    return effort;
  // `none` disables reasoning, so it is the last choice.
  const distance = (other: string) =>
    other === "none" ? EFFORTS.length : Math.abs(EFFORTS.indexOf(other) - EFFORTS.indexOf(effort));
  return supported
    .filter((other) => EFFORTS.includes(other))
    .toSorted((one, other) => distance(one) - distance(other) || EFFORTS.indexOf(one) - EFFORTS.indexOf(other))[0];
}

/** Returns whether a parameter can be dropped: the original model accepted it, and it only tunes the answer. */
export function isDroppable(name: string, endpoint: Endpoint, { requestedCard }: Model): boolean {
  return TUNING.has(name) && requestedCard.refuses[endpoint]?.includes(name) !== true;
}
