// The gate: moderation of a request's input and of its answer. A feature implements it; without one, everything passes.

import type { Model } from "../catalog/resolve.ts";
import type { Catalog, Plan } from "../catalog/schema.ts";
import type { Bindings } from "../env.ts";
import { toApiError } from "../errors.ts";
import type { Codec } from "../relay/codec.ts";
import type { Pump } from "../relay/pump.ts";
import type { Clock, Ending } from "../relay/watchdog.ts";
import type { Exchange, StreamReply } from "./exchange.ts";

export interface Gate {
  /** Opens the gate for one request, before its provider is asked; undefined when nothing of it is moderated. Throws 400. */
  open(request: GatedRequest): OpenGate | undefined;
}

export interface GatedRequest {
  env: Bindings;
  catalog: Catalog;
  plan: Plan;
  model: Model;
  exchange: Exchange;
  requestId: string;
  /** Aborted with an `Ending` to end the request. */
  control: AbortController;
  clock: Clock;
}

export interface OpenGate {
  /** Awaited before the provider is asked. */
  before: Promise<void>;
  /** Awaited before the caller is promised anything. Rejects, with `control` aborted, when the input is not allowed. */
  input: Promise<void>;
  /** Replaces codec and pump of a stream whose text must be released; undefined when it need not be. */
  stream(reply: StreamReply): { codec: Codec; pump: Pump } | undefined;
  /** Rejects, with `control` aborted, when a whole answer with that text is not allowed. */
  requireAllowed(words: () => string): Promise<void>;
}

let installed: Gate | undefined;

/** Makes this the gate of every request from now on. */
export function installGate(gate: Gate | undefined): void {
  installed = gate;
}

const OPEN = Promise.resolve();
export const EVERYTHING_PASSES: OpenGate = {
  before: OPEN,
  input: OPEN,
  stream: () => undefined,
  requireAllowed: () => OPEN,
};

/** The gate for one request. */
export function openGate(request: GatedRequest): OpenGate {
  return installed?.open(request) ?? EVERYTHING_PASSES;
}

/**
 * Aborts `control` with the ending that some work gives, or fails with, and rejects then. It may be awaited late or never,
 * when the provider fails first.
 */
export function endedBy(work: Promise<Ending | undefined>, control: AbortController): Promise<void> {
  const done = (async () => {
    try {
      const ending = await work;
      if (ending) control.abort(ending);
    } catch (thrown) {
      control.abort({ kind: "failed", error: toApiError(thrown) } satisfies Ending);
    }
    control.signal.throwIfAborted();
  })();
  done.catch(() => undefined);
  return done;
}
