// How a request is settled: what it is charged by how it ended, once, and the one line that the log has of it.

import type { Model } from "../catalog/resolve.ts";
import type { Endpoint } from "../catalog/endpoints.ts";
import { toLogged } from "../errors.ts";
import type { Progress } from "../relay/answer.ts";
import type { Settled } from "../relay/codec.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { Demand } from "./bound.ts";
import { NO_CHARGE, toCharge } from "./charge.ts";
import type { Lease } from "./lease.ts";
import { toUsd } from "./limits.ts";
import { leftOf } from "./rate-limit.ts";
import type { View } from "./view.ts";

/** Who was asked at last, and for what. */
export interface Answerer {
  model: Model;
  exchange: { endpoint: Endpoint; demand: Demand };
}

/** Settles by how the request ended; `free` when it cost nothing. Gives what the windows hold afterwards. Never throws. */
export type Settlement = (
  answerer: Answerer,
  progress: Progress,
  ending: Ending,
  free?: boolean,
) => Promise<Settled & { view: View }>;

interface MeteredRequest {
  requestId: string;
  lease: Lease;
  /** Epoch ms. */
  startedAt: number;
}

/** The settlement of one request. */
export function createSettlement({ requestId, lease, startedAt }: MeteredRequest): Settlement {
  return async ({ model, exchange: { endpoint, demand } }, progress, ending, free = false) => {
    const charge = free ? NO_CHARGE : toCharge(progress, demand, model.card);
    if (progress.usage && charge.tokens > lease.bound.tokens) {
      console.error(JSON.stringify({ event: "bound_exceeded", model: model.snapshot, charge, bound: lease.bound }));
    }
    const view = (await lease.settle(charge)) ?? lease.view;
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
      charged: Math.min(charge.tokens, lease.bound.tokens),
      usd: toUsd(Math.min(charge.usd, lease.bound.usd)),
      ms: Date.now() - startedAt,
    };
    console.log(JSON.stringify(line));
    return { left: leftOf(view), usd: line.usd, view };
  };
}
