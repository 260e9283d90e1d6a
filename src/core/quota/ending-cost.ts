// What each ending of a request costs: the one place that decides it. Pure. docs/settlement.md is the same table in words.

import type { ModelCard } from "../catalog/card.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import type { Progress, Usage } from "../relay/answer.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { Demand } from "./bound.ts";
import { costOf, costOfUnits } from "./price.ts";

/**
 * How far a request got before it ended.
 * - `unsent`: no provider was asked, or each one that was asked refused.
 * - `sent`: a provider was asked, and its answer has not begun.
 * - `answering`: its answer has begun, and the caller has been promised nothing.
 * - `relayed`: the caller has been promised the answer.
 */
export type Stage = "unsent" | "sent" | "answering" | "relayed";

/** `unknown`: the work ended at the provider, and nobody will learn its usage. */
export type EndingKind = Ending["kind"] | "unknown";

export interface EndedRequest {
  stage: Stage;
  ending: EndingKind;
  progress: Progress;
  demand: Demand;
  /** The card of the model that answered; undefined when the catalog no longer has it. */
  card: ModelCard | undefined;
}

export const NO_COST: Amounts = { tokens: 0, requests: 0, nanoUsd: 0 };
const ONE_REQUEST: Amounts = { tokens: 0, requests: 1, nanoUsd: 0 };
/** The ledger charges no more than was reserved. */
const WHOLE_BOUND: Amounts = { tokens: Number.MAX_SAFE_INTEGER, requests: 1, nanoUsd: Number.MAX_SAFE_INTEGER };

/** English has about 4.75 UTF-8 bytes a token; a little less than that charges a little more. */
const BYTES_PER_TOKEN = 4;

/** The cost of a request by how it ended. The ledger charges at most what was reserved. */
export function costOfEnding({ stage, ending, progress, demand, card }: EndedRequest): Amounts {
  if (stage === "unsent") return NO_COST;
  if (stage === "sent" && ending === "failed") return NO_COST;
  if (stage !== "relayed" && ending === "withheld") return NO_COST;
  if (stage === "answering" && ending === "failed" && demand.free) return NO_COST;
  if (demand.free) return ONE_REQUEST;
  if (!card || (ending === "unknown" && !progress.usage)) return WHOLE_BOUND;
  const usage = progress.usage ?? estimate(progress, demand, card);
  const calls = (progress.providerCalls ?? 0) * (demand.calls?.nanoUsdPerCall ?? 0);
  // Time of audio is the provider's to tell, where it does.
  const { audioSeconds, ...units } = demand.units ?? {};
  const counted = usage.audioSeconds === undefined && audioSeconds !== undefined ? { ...units, audioSeconds } : units;
  return {
    tokens: Math.max(1, usage.input + usage.output),
    requests: 1,
    nanoUsd: costOf(usage, card) + costOfUnits(counted, card.prices) + calls,
  };
}

/** The usage when the provider told none: from what was sent and what was relayed. */
function estimate(progress: Progress, demand: Demand, card: ModelCard): Omit<Usage, "reasoning"> {
  const sent = Math.ceil(demand.inputBytes / BYTES_PER_TOKEN) + demand.images * (card.image_tokens ?? 0);
  const found = (progress.providerCalls ?? 0) * (demand.calls?.inputTokensPerCall ?? 0);
  const input = (demand.exactInput ?? sent) + (demand.addedTokens ?? 0) + found;
  const output = Math.ceil(progress.outputBytes / BYTES_PER_TOKEN) + (card.reasoning?.allowance ?? 0);
  return { input, cached: 0, cacheWrite: 0, output };
}
