// Settles one request: charges the cost of its ending, once, and logs one line.

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
}

/** Settles a request and returns the windows afterwards. Never throws. */
export type Settlement = (end: RequestEnd) => Promise<Settled & { view: QuotaView }>;

interface MeteredRequest {
  requestId: string;
  lease: Lease;
  /** The provider's exact input token count, when the bound used it. */
  exactInput: number | undefined;
  /** Epoch ms. */
  startedAt: number;
}

/** Creates the settlement of one request. The lease ignores a second call. */
export function createSettlement({ requestId, lease, exactInput, startedAt }: MeteredRequest): Settlement {
  return async ({ lastCandidate: { model, exchange }, stage, ending, progress }) => {
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
