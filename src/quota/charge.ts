// What a request is charged for, by how it ended. docs/settlement.md states the same rules for people.

import type { ModelCard } from "../catalog/schema.ts";
import type { Progress } from "../stream/answer.ts";
import type { Demand } from "./bound.ts";
import type { Charge } from "./ledger.ts";

/** A request that never reached the model, or that the provider refused, costs nothing: not even a request. */
export const NO_CHARGE: Charge = { tokens: 0, requests: 0 };

/** English has about 4.75 UTF-8 bytes a token; a little less than that charges a little more. */
const BYTES_PER_TOKEN = 4;

/** The provider's own count where it came, else an estimate from what was sent and relayed. The ledger caps both. */
export function toCharge(progress: Progress, demand: Demand, card: ModelCard): Charge {
  if (progress.usage) return { tokens: progress.usage.input + progress.usage.output, requests: 1 };
  const input = Math.ceil(demand.inputBytes / BYTES_PER_TOKEN) + demand.images * (card.image_tokens ?? 0);
  const output = Math.ceil(progress.outputBytes / BYTES_PER_TOKEN) + (card.reasoning?.allowance ?? 0);
  return { tokens: Math.max(1, input + output), requests: 1 };
}
