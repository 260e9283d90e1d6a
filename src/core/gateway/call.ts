// What a request is to the one way through the house: who asks, and what.

import type { User } from "../auth/user.ts";
import type { Way } from "./exchange.ts";
import type { Bindings } from "../env.ts";
import type { ServerTiming } from "../server-timing.ts";

/** Who asks, and what the platform gives for this one request. */
export interface Caller {
  env: Bindings;
  user: User;
  requestId: string;
  timing: ServerTiming;
  /** Aborts when the caller leaves. */
  signal: AbortSignal;
  waitUntil: (work: Promise<unknown>) => void;
}

/** What is asked. Routes differ in this and in nothing else. */
export interface Call {
  /** An alias or a snapshot. */
  model: string;
  stream: boolean;
  /** The dialects in which it can be asked. */
  ways: Way[];
  /**
   * Done beside the answer, from the reservation on: nothing is promised before it, and nothing at all when it fails. It is
   * given what the answer says of itself so far.
   */
  beside?: (headers: Record<string, string>, signal: AbortSignal) => Promise<void>;
  /** Names its reservation, for who settles it later; one of its own when absent. */
  key?: string;
}
