// Settles one request: replaces its reservation by the cost of its ending, once, and writes the one log line about it.

import type { Endpoint } from "../catalog/endpoints.ts";
import type { Model } from "../catalog/resolve.ts";
import { toLogged } from "../log.ts";
import type { Progress } from "../relay/answer.ts";
import type { Settled } from "../relay/codec.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { Demand } from "./bound.ts";
import type { Stage } from "./ending-cost.ts";
import { costOfEnding } from "./ending-cost.ts";
import type { Lease } from "./lease.ts";
import { toUsd } from "./limits.ts";
import { leftOf } from "./rate-limit.ts";
import type { QuotaView } from "./view.ts";

/** The candidate that was asked last. */
export interface Answerer {
  model: Model;
  exchange: { ask: { endpoint: Endpoint; demand: Demand } };
}

/** How a request ended. */
export interface Ended {
  answerer: Answerer;
  stage: Stage;
  ending: Ending;
  progress: Progress;
}

/** Settles a request, and gives what the windows hold afterwards. Never throws. */
export type Settlement = (ended: Ended) => Promise<Settled & { view: QuotaView }>;

interface MeteredRequest {
  requestId: string;
  lease: Lease;
  /** The provider's count of the input, where the bound is one. */
  exactInput: number | undefined;
  /** Epoch ms. */
  startedAt: number;
}

/** The settlement of one request. */
export function createSettlement({ requestId, lease, exactInput, startedAt }: MeteredRequest): Settlement {
  return async ({ answerer: { model, exchange }, stage, ending, progress }) => {
    const { endpoint, demand } = exchange.ask;
    const counted = exactInput === undefined ? demand : { ...demand, exactInput };
    const cost = costOfEnding({ stage, ending: ending.kind, progress, demand: counted, card: model.card });
    if (progress.usage && cost.tokens > lease.bound.tokens) {
      console.error(JSON.stringify({ event: "bound_exceeded", model: model.snapshot, cost, bound: lease.bound }));
    }
    const view = (await lease.settle(cost)) ?? lease.view;
    const failure = "error" in ending ? ending.error : undefined;
    // Metadata only: no content, no names, no keys.
    const line = {
      event: "metered",
      request: requestId,
      endpoint,
      model: model.snapshot,
      ending: ending.kind,
      code: failure?.body.code,
      cause: toLogged(failure?.cause),
      usage: progress.usage,
      charged: Math.min(cost.tokens, lease.bound.tokens),
      usd: toUsd(Math.min(cost.nanoUsd, lease.bound.nanoUsd)),
      ms: Date.now() - startedAt,
    };
    console.log(JSON.stringify(line));
    return { left: leftOf(view), usd: line.usd, view };
  };
}
