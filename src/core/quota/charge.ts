// What a request is charged for, by how it ended. docs/settlement.md states the same rules for people.

import type { ModelCard } from "../catalog/card.ts";
import type { Progress } from "../relay/answer.ts";
import type { Demand } from "./bound.ts";
import { costOf } from "./price.ts";
import type { Amounts } from "../catalog/quota-window.ts";

/** A request that never reached the model, or that the provider refused, costs nothing: not even a request. */
export const NO_CHARGE: Amounts = { tokens: 0, requests: 0, usd: 0 };

/** English has about 4.75 UTF-8 bytes a token; a little less than that charges a little more. */
const BYTES_PER_TOKEN = 4;

/** The provider's own count where it came, else an estimate from what was sent and relayed. The ledger caps both. */
export function toCharge(progress: Progress, demand: Demand, card: ModelCard): Amounts {
  if (demand.free) return { tokens: 0, requests: 1, usd: 0 };
  const usage = progress.usage ?? estimate(progress, demand, card);
  const calls = (progress.hostedCalls ?? 0) * (demand.hosted?.nanoUsdPerCall ?? 0);
  return { tokens: Math.max(1, usage.input + usage.output), requests: 1, usd: costOf(usage, card) + calls };
}

function estimate(progress: Progress, demand: Demand, card: ModelCard) {
  const sent = Math.ceil(demand.inputBytes / BYTES_PER_TOKEN) + demand.images * (card.image_tokens ?? 0);
  const found = (progress.hostedCalls ?? 0) * (demand.hosted?.inputTokensPerCall ?? 0);
  const input = (demand.exactInput ?? sent) + (demand.promptTokens ?? 0) + found;
  const output = Math.ceil(progress.outputBytes / BYTES_PER_TOKEN) + (card.reasoning?.allowance ?? 0);
  return { input, cached: 0, cacheWrite: 0, output };
}
