// What the gateway is called with: who asks, and what for.

import type { User } from "../auth/user.ts";
import type { ActiveCatalog } from "../catalog/store.ts";
import type { Bindings } from "../env.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { ServerTiming } from "../server-timing.ts";
import type { Way } from "./exchange.ts";

/** The user who asks, the catalog that holds for this request, and what the platform gives for it. */
export interface Caller extends ActiveCatalog {
  env: Bindings;
  user: User;
  requestId: string;
  timing: ServerTiming;
  /** Aborts when the caller leaves. */
  signal: AbortSignal;
  waitUntil: (work: Promise<unknown>) => void;
}

/** What is asked for. Features differ in this and in nothing else. */
export interface Call {
  /** An alias or a snapshot. */
  model: string;
  /** The dialects in which it can be asked. */
  ways: Way[];
  /**
   * Work beside the answer, from the reservation on, with the headers that are known so far. The caller is promised nothing
   * before it is done, and nothing at all when it fails or gives an ending.
   */
  beside?: (headers: Record<string, string>, signal: AbortSignal) => Promise<Ending | undefined>;
  /** Names the reservation, for a feature that settles it later. Random when absent. */
  key?: string;
}
