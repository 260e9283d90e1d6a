// The gateway's arguments: the caller and the call.

import type { User } from "../auth/user.ts";
import type { CatalogRevision } from "../catalog/store.ts";
import type { Bindings } from "../env.ts";
import type { Plan } from "../catalog/schema.ts";
import type { Amounts } from "../catalog/quota-window.ts";
import type { ReservingJob } from "../quota/admission.ts";
import type { SettledRequest } from "../quota/settlement.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { ServerTiming } from "../http/server-timing.ts";
import type { Way } from "./exchange.ts";

/** The user, the catalog revision of this request, and the platform's handles for it. */
export interface Caller extends CatalogRevision {
  env: Bindings;
  user: User;
  requestId: string;
  timing: ServerTiming;
  /** Aborts when the caller disconnects. */
  signal: AbortSignal;
  waitUntil: (work: Promise<unknown>) => void;
  /** The caller's client repeats failed requests, so Weir does not. */
  retriesItself: boolean;
  /** The caller reads every answer to its end, even if a read takes long. */
  readsAlways?: boolean;
}

/** The handle of a reserved request: its charge so far, its cancellation and its settlement. */
export interface ReservedRequest {
  /** The plan that the reservation was made under. */
  plan: Plan;
  /** Returns an upper bound of the charge if the request ended `ms` from now. */
  chargeAfter(ms: number): Amounts;
  /** Ends the request with `cancelled`. Has no effect on an answer that has ended. */
  cancel(): void;
  /** Resolves when the request is settled; to undefined when something else will settle it. */
  settled: Promise<SettledRequest | undefined>;
}

/** One metered request. A feature describes its request with this, and the gateway does the rest. */
export interface Call {
  /** An alias or a snapshot. */
  model: string;
  /** The dialects that can express the request. */
  ways: Way[];
  /**
   * Work that runs in parallel with the provider call, after the reservation. It receives the headers that are known so
   * far. The response starts only when it has finished. If it fails or returns an ending, the request ends with that.
   */
  concurrentWork?: (headers: Record<string, string>, signal: AbortSignal) => Promise<Ending | undefined>;
  /**
   * Called once, synchronously, after the reservation and before any request to a provider. Not called when the
   * reservation is refused. If it throws, the request costs nothing and fails with that error.
   */
  onReserved?: (request: ReservedRequest) => void;
  /** The requests to providers that the concurrent work makes. Each counts as one request. */
  concurrentRequests?: number;
  /** The reservation's key, for a feature that settles it in a later request. Random when absent. */
  key?: string;
  /** The key of the running request that this call is part of. It does not count as another concurrent request. */
  partOf?: string;
  /** Work that goes on for hours. Its reservation has `key`, and the feature settles it with `settleLate`. */
  job?: ReservingJob;
}
