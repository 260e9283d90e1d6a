// The cost of each ending of a request. Pure. docs/settlement.md documents the same rules.

import type { ModelCard } from "../catalog/card.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import type { Progress, Usage } from "../relay/answer.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { Demand } from "./bound.ts";
import { costOf, costOfUnits } from "./price.ts";

/**
 * How far a request got before it ended.
 * - `unsent`: no provider was called, or the last one called returned an error status.
 * - `sent`: a provider was called. A stream keeps this stage until the response to the caller starts.
 * - `answering`: an answer that is not an event stream has started.
 * - `relayed`: the response to the caller has started.
 */
export type Stage = "unsent" | "sent" | "answering" | "relayed";

/** `unknown`: the work ended at the provider, and its usage is lost. */
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
/** Charges the whole reservation, because the ledger caps every charge at it. */
const WHOLE_BOUND: Amounts = { tokens: Number.MAX_SAFE_INTEGER, requests: 1, nanoUsd: Number.MAX_SAFE_INTEGER };

/** English has about 4.75 UTF-8 bytes per token. The lower value estimates slightly too many tokens. */
const BYTES_PER_TOKEN = 4;

/** Returns the cost of a request by its ending. The ledger charges at most the reservation. */
export function costOfEnding({ stage, ending, progress, demand, card }: EndedRequest): Amounts {
  if (stage === "unsent") return NO_COST;
  if (stage === "sent" && ending === "failed") return NO_COST;
  if (stage !== "relayed" && ending === "withheld") return NO_COST;
  if (stage === "answering" && ending === "failed" && demand.free) return NO_COST;
  if (demand.free) return ONE_REQUEST;
  if (!card || (ending === "unknown" && !progress.usage)) return WHOLE_BOUND;
  const usage = progress.usage ?? estimate(progress, demand, card);
  const calls = (progress.providerToolCalls ?? 0) * (demand.toolCalls?.nanoUsdPerCall ?? 0);
  // The provider's own count of audio seconds replaces the one of the demand.
  const { audioSeconds, ...units } = demand.units ?? {};
  const counted = usage.audioSeconds === undefined && audioSeconds !== undefined ? { ...units, audioSeconds } : units;
  return {
    tokens: Math.max(1, usage.input + usage.output),
    requests: 1,
    nanoUsd: costOf(usage, card) + costOfUnits(counted, card.prices) + calls,
  };
}

/** Estimates the usage from the bytes sent and relayed, when the provider reported none. */
function estimate(progress: Progress, demand: Demand, card: ModelCard): Omit<Usage, "reasoning"> {
  const inputTokens = Math.ceil(demand.inputBytes / BYTES_PER_TOKEN) + demand.images * (card.image_tokens ?? 0);
  const toolTokens = (progress.providerToolCalls ?? 0) * (demand.toolCalls?.inputTokensPerCall ?? 0);
  const input = (demand.exactInput ?? inputTokens) + (demand.addedTokens ?? 0) + toolTokens;
  const output = Math.ceil(progress.outputBytes / BYTES_PER_TOKEN) + (card.reasoning?.allowance ?? 0);
  return { input, cached: 0, cacheWrite: 0, output };
}
