// The gate: moderates input and output. A feature implements it; without one, nothing is moderated.

import type { Model } from "../catalog/resolve.ts";
import type { Plan } from "../catalog/schema.ts";
import { toApiError } from "../errors.ts";
import type { Codec } from "../relay/codec.ts";
import type { PumpAnswer } from "../relay/pump.ts";
import type { Clock, Ending } from "../relay/watchdog.ts";
import type { Caller } from "./call.ts";
import type { Exchange, StreamReply } from "./exchange.ts";

export interface Gate {
  /** Returns how many requests to providers `open` makes for the input. Each counts as one request. */
  inputRequests(plan: Plan, model: Model, exchange: Exchange): number;
  /**
   * Starts moderation of one request, before the provider call. Returns undefined when it is not moderated. Throws 400
   * for content that it cannot moderate.
   */
  open(request: GatedRequest): OpenGate | undefined;
}

export interface GatedRequest {
  caller: Caller;
  /** The key of the request's reservation. */
  key: string;
  plan: Plan;
  model: Model;
  exchange: Exchange;
  /** Aborting it with an `Ending` ends the request. */
  control: AbortController;
  clock: Clock;
}

export interface OpenGate {
  /** Awaited before the provider call. */
  beforeCall: Promise<void>;
  /** Awaited before the response starts. Aborts `control` and rejects when the input is not allowed. */
  beforeResponse: Promise<void>;
  /** Codec and pump that hold text back until moderation allows it; undefined when the output is not moderated. */
  stream(reply: StreamReply): { codec: Codec; pump: PumpAnswer } | undefined;
  /** Moderates the text of a complete answer. Aborts `control` and rejects when it is not allowed. */
  requireAllowed(text: () => string): Promise<void>;
}

let installed: Gate | undefined;

/** Installs the gate for all later requests. */
export function installGate(gate: Gate | undefined): void {
  installed = gate;
}

const ALLOWED = Promise.resolve();
/** The gate of a request that is not moderated. */
export const NO_MODERATION: OpenGate = {
  beforeCall: ALLOWED,
  beforeResponse: ALLOWED,
  stream: () => undefined,
  requireAllowed: () => ALLOWED,
};

/** Returns how many requests to providers the installed gate makes for the input. */
export function gateRequests(plan: Plan, { model, exchange }: { model: Model; exchange: Exchange }): number {
  return installed?.inputRequests(plan, model, exchange) ?? 0;
}

/** Starts moderation of one request with the installed gate. */
export function openGate(request: GatedRequest): OpenGate {
  return installed?.open(request) ?? NO_MODERATION;
}

/**
 * Waits for work beside the answer that can end the request. Aborts `control` with its ending, or with `withheld` when
 * it fails, and then rejects. The result need not be awaited: its rejection counts as handled.
 */
export function abortOnEnding(work: Promise<Ending | undefined>, control: AbortController): Promise<void> {
  const done = (async () => {
    try {
      const ending = await work;
      if (ending) control.abort(ending);
    } catch (thrown) {
      control.abort({ kind: "withheld", error: toApiError(thrown) } satisfies Ending);
    }
    control.signal.throwIfAborted();
  })();
  done.catch(() => undefined);
  return done;
}
