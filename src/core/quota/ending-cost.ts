// The cost of each ending of a request. Pure. docs/settlement.md documents the same rules.

import type { ModelCard } from "../catalog/card.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import type { Progress, Usage } from "../relay/answer.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { Demand } from "./bound.ts";
import { inputBound } from "./bound.ts";
import { costOf, costOfUnits, highestPrice } from "./price.ts";

/**
 * How far a request got before it ended.
 * - `unsent`: no provider was called.
 * - `refused`: the provider that was called last returned an error status.
 * - `sent`: a provider was called. A stream keeps this stage until its first event.
 * - `answering`: an answer that is not streamed has started.
 * - `relayed`: the provider's stream has started.
 */
export type Stage = "unsent" | "refused" | "sent" | "answering" | "relayed";

/** The provider's work on a request that it may not have reported. */
export interface Work {
  /** Time from the call of the provider to the end of its work. */
  elapsedMs: number;
  /** Output tokens granted to all choices together. */
  grantedOutput: number;
}

export interface EndedRequest {
  stage: Stage;
  ending: Ending["kind"];
  progress: Progress;
  demand: Demand;
  /** The card of the model that answered; undefined when the catalog no longer has it. */
  card: ModelCard | undefined;
  /** Requests to providers. Each counts one. */
  requests: number;
  /** Undefined when the work went on after its request, so that only the provider knows it. */
  work: Work | undefined;
}

/** UTF-8 bytes of relayed text per token. English has 4.75; fewer make the estimate an upper one. */
const RELAYED_BYTES_PER_TOKEN = 2;

/** Returns the cost of a request by its ending. The ledger charges at most the reservation. */
export function costOfEnding(request: EndedRequest): Amounts {
  const { progress, demand, card, requests } = request;
  if (!hasWorked(request)) return { tokens: 0, requests, nanoUsd: 0 };
  const { usage } = progress;
  const used = card && usage && costOfUsage(usage, progress, demand, card);
  if (used && isFinal(request)) return { ...used, requests };
  const estimated = card && estimate(request, card);
  return { ...(estimated ? highest(estimated, used) : WHOLE_BOUND), requests };
}

/** Tests if the cost is the estimate. An exact count of the input lowers it. */
export function isEstimated(request: EndedRequest): boolean {
  const { progress, card } = request;
  if (progress.usage && isFinal(request)) return false;
  return card !== undefined && hasWorked(request) && estimate(request, card) !== undefined;
}

/** Returns the input tokens of an ended request, as the provider reported them, or their bound. */
export const inputOf = ({ progress, demand, card }: EndedRequest): number =>
  progress.usage?.input ?? (card ? inputBound(demand, card) : 0);

type Cost = Omit<Amounts, "requests">;

/** The ledger caps every charge at the reservation. */
const WHOLE_BOUND: Cost = { tokens: Number.MAX_SAFE_INTEGER, nanoUsd: Number.MAX_SAFE_INTEGER };

/** Tests if the model may have worked. An error of the provider before its answer costs no tokens. */
const hasWorked = ({ stage, ending, demand }: EndedRequest) =>
  !demand.free && stage !== "unsent" && stage !== "refused" && !(stage === "sent" && ending === "failed");

/** Tests if usage covers the whole answer. Some servers send usage with every event: it covers the answer so far. */
const isFinal = ({ stage, ending, progress: { finish, error, ended } }: EndedRequest) =>
  ending === "finished" || stage === "answering" || finish !== undefined || error !== undefined || ended;

const highest = (one: Cost, other: Cost = one): Cost => ({
  tokens: Math.max(one.tokens, other.tokens),
  nanoUsd: Math.max(one.nanoUsd, other.nanoUsd),
});

function costOfUsage(usage: Usage, { providerToolCalls = 0 }: Progress, demand: Demand, card: ModelCard): Cost {
  // The provider's own count of audio seconds replaces the one of the demand.
  const { audioSeconds, ...units } = demand.units ?? {};
  const counted = usage.audioSeconds === undefined && audioSeconds !== undefined ? { ...units, audioSeconds } : units;
  const calls = providerToolCalls * (demand.toolCalls?.nanoUsdPerCall ?? 0);
  return {
    tokens: Math.max(1, usage.input + usage.output),
    nanoUsd: costOf(usage, card) + costOfUnits(counted, card.prices) + calls,
  };
}

/**
 * Returns an upper estimate of the cost. The output is at least what was relayed. It is also at least what the model can
 * generate in the elapsed time, because reasoning is not relayed. Undefined when only the bound covers the work: it went
 * on after its request, or could call tools.
 */
function estimate({ progress, demand, work }: EndedRequest, card: ModelCard): Cost | undefined {
  if (!work || (demand.toolCalls?.most ?? 0) > 0) return undefined;
  const generated = Math.ceil((work.elapsedMs / 1000) * card.max_tokens_per_second * demand.choices);
  const relayed = progress.relayedTokens ?? Math.ceil(progress.outputBytes / RELAYED_BYTES_PER_TOKEN);
  const isWhole = demand.fixedOutput?.isChargedWhole === true;
  const output = isWhole ? work.grantedOutput : Math.min(work.grantedOutput, Math.max(relayed, generated));
  const input = inputBound(demand, card);
  const price = highestPrice(card, input);
  return {
    tokens: Math.max(1, input + output),
    nanoUsd: price.input + output * price.output + costOfUnits(demand.units ?? {}, card.prices),
  };
}
