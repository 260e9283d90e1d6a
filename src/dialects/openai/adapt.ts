// Adapts a request to the successor of the model it was written for, so that the app goes on working.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Endpoint } from "../../core/catalog/endpoints.ts";

/** The efforts that there are, weakest first. */
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** Parameters that only tune an answer: without them it is another one, but still an answer to the question. */
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
 * The effort to send: the caller's own, or the nearest (rather the lower) that the successor knows of those that the
 * ended model knew. Undefined where the successor does not reason.
 */
export function adaptEffort(effort: string | undefined, { card, requestedCard }: Model): string | undefined {
  const known = card.reasoning?.efforts ?? [];
  if (effort === undefined || known.includes(effort) || !requestedCard.reasoning?.efforts.includes(effort))
    return effort;
  // Not to reason at all is not a little less of the same: only where there is nothing else.
  const distance = (other: string) =>
    other === "none" ? EFFORTS.length : Math.abs(EFFORTS.indexOf(other) - EFFORTS.indexOf(effort));
  return known
    .filter((other) => EFFORTS.includes(other))
    .toSorted((one, other) => distance(one) - distance(other) || EFFORTS.indexOf(one) - EFFORTS.indexOf(other))[0];
}

/** Whether a parameter that the successor refuses is left out: the ended model took it, and it only tuned the answer. */
export function isLeftOut(name: string, endpoint: Endpoint, { requestedCard }: Model): boolean {
  return TUNING.has(name) && requestedCard.refuses[endpoint]?.includes(name) !== true;
}
