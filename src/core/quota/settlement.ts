// Settles one request: charges the cost of its ending, once, and logs one line.

import type { Endpoint } from "../catalog/endpoints.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import { excessOver, NO_AMOUNTS } from "../catalog/quota-window.ts";
import type { Model } from "../catalog/resolve.ts";
import { toLogged } from "../log.ts";
import type { Progress } from "../relay/answer.ts";
import type { ChargedTokens, Settled } from "../relay/codec.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { Demand } from "./bound.ts";
import type { EndedRequest, Stage, Work } from "./ending-cost.ts";
import { costOfEnding, inputOf, isEstimated } from "./ending-cost.ts";
import type { Lease } from "./lease.ts";
import { toUsd } from "./limits.ts";
import { leftOf } from "./rate-limit.ts";
import type { QuotaView } from "./view.ts";

/** The candidate that was called last. */
export interface LastCandidate {
  model: Model;
  exchange: { ask: { endpoint: Endpoint; demand: Demand } };
}

/** How a request ended. */
export interface RequestEnd {
  lastCandidate: LastCandidate;
  stage: Stage;
  ending: Ending;
  progress: Progress;
  /** Other requests to providers: those of the gate and of concurrent work. */
  otherRequests: number;
  work: Work;
  /** Calls of the request that a provider answered with its own timeout. It worked until then. */
  timedOut: RequestEnd[];
  /** Gets the exact input token count; undefined when it is not available. Must not throw. */
  count(): Promise<number | undefined>;
}

export interface SettledRequest extends Settled {
  charged: ChargedTokens;
  view: QuotaView;
  /** The charge, when the user's object could not be reached. The reservation is still open. */
  unsettled: Amounts | undefined;
}

/**
 * Settles a request and returns the windows afterwards. Never throws. Calls `onSlow` before it asks the provider for
 * the exact count of the input, so that the caller does not wait for the count.
 */
export type Settlement = (end: RequestEnd, onSlow?: () => void) => Promise<SettledRequest>;

interface MeteredRequest {
  requestId: string;
  lease: Lease;
  planName: string;
  /** The user in log lines: see loggedUser. */
  loggedAs: string;
  /** The provider's exact input token count, when the bound used it. */
  exactInput: number | undefined;
  /** Epoch ms. */
  startedAt: number;
}

/** Creates the settlement of one request. The lease ignores a second call. */
export function createSettlement({ requestId, lease, exactInput, startedAt, ...who }: MeteredRequest): Settlement {
  return async (end, onSlow = () => undefined) => {
    const { ending, progress } = end;
    const { model, exchange } = end.lastCandidate;
    const ended = await withExactInput(toEndedRequest(end, exactInput), end, onSlow);
    const lastCost = costOfEnding(ended);
    const cost = withTimedOut(lastCost, end.timedOut, exactInput);
    const { bound } = lease;
    const usageExcess = progress.usage ? excessOver(lastCost, bound) : NO_AMOUNTS;
    if (usageExcess.tokens > 0 || usageExcess.nanoUsd > 0) {
      console.error(JSON.stringify({ event: "bound_exceeded", model: model.snapshot, cost: lastCost, bound }));
    }
    const excess = exchange.ask.demand.chargesExcess ? usageExcess : NO_AMOUNTS;
    const view = (await lease.settle(cost, excess)) ?? lease.view;
    const failure = "error" in ending ? ending.error : undefined;
    // Metadata only: no content, no names, no keys.
    const line = {
      event: "metered",
      request: requestId,
      user: who.loggedAs,
      plan: who.planName,
      endpoint: exchange.ask.endpoint,
      model: model.snapshot,
      ending: ending.kind,
      code: failure?.body.code,
      cause: toLogged(failure?.cause),
      usage: progress.usage,
      estimated: isEstimated(ended) || undefined,
      charged: Math.min(cost.tokens, bound.tokens) + excess.tokens,
      usd: toUsd(Math.min(cost.nanoUsd, bound.nanoUsd) + excess.nanoUsd),
      ms: Date.now() - startedAt,
    };
    console.log(JSON.stringify(line));
    return {
      left: leftOf(view),
      usd: line.usd,
      charged: toChargedTokens(ended, line.charged),
      view,
      unsettled: lease.unsettled,
    };
  };
}

/** Returns the cost of an end, before it is limited to the reservation. */
export const costOfEnd = (end: RequestEnd, exactInput: number | undefined): Amounts =>
  withTimedOut(costOfEnding(toEndedRequest(end, exactInput)), end.timedOut, exactInput);

/** Splits the charged tokens into input and output. */
function toChargedTokens(ended: EndedRequest, tokens: number): ChargedTokens {
  const input = Math.min(tokens, inputOf(ended));
  const { cached = 0, reasoning = 0 } = ended.progress.usage ?? {};
  return { input, cached: Math.min(cached, input), output: tokens - input, reasoning };
}

/** Adds the tokens and dollars of the calls that timed out. Together they count as one request. */
function withTimedOut(cost: Amounts, timedOut: RequestEnd[], exactInput: number | undefined): Amounts {
  const costs = timedOut.map((end) => costOfEnding(toEndedRequest(end, exactInput)));
  const sum = (unit: "tokens" | "nanoUsd") => costs.reduce((total, each) => total + each[unit], cost[unit]);
  return { tokens: sum("tokens"), requests: cost.requests, nanoUsd: sum("nanoUsd") };
}

function toEndedRequest(end: RequestEnd, exactInput: number | undefined): EndedRequest {
  const { stage, ending, progress, work, otherRequests } = end;
  const { model, exchange } = end.lastCandidate;
  const demand = exactInput === undefined ? exchange.ask.demand : { ...exchange.ask.demand, exactInput };
  const requests = otherRequests + (stage === "unsent" ? 0 : (demand.requests ?? 1));
  return { stage, ending: ending.kind, progress, demand, card: model.card, requests, work };
}

/**
 * Adds the exact count of the input, if it lowers an estimate. The caller of a finished answer does not wait for it.
 */
async function withExactInput(ended: EndedRequest, end: RequestEnd, onSlow: () => void): Promise<EndedRequest> {
  const { demand } = ended;
  if (ended.ending === "finished" || demand.exactInput !== undefined || !isEstimated(ended)) return ended;
  onSlow();
  const exactInput = await end.count();
  return exactInput === undefined ? ended : { ...ended, demand: { ...demand, exactInput } };
}
