// The one way through the house: who → which → how much at most → reserve → call → relay → settle. In this order, once.

import type { User } from "./auth/user.ts";
import { chooseModel, modelHeaders } from "./catalog/choose.ts";
import type { Model } from "./catalog/resolve.ts";
import type { Catalog, Provider } from "./catalog/schema.ts";
import { catalogFor } from "./catalog/store.ts";
import { requireSupport } from "./catalog/support.ts";
import type { Exchange } from "./endpoints/exchange.ts";
import { ENDPOINTS } from "./endpoints/table.ts";
import type { Bindings } from "./env.ts";
import { apiError, toApiError } from "./errors.ts";
import { admit } from "./quota/admission.ts";
import type { Lease } from "./quota/lease.ts";
import { rateLimitHeaders } from "./quota/rate-limit.ts";
import type { Settlement } from "./quota/settlement.ts";
import { createSettlement } from "./quota/settlement.ts";
import type { View } from "./quota/view.ts";
import type { ServerTiming } from "./server-timing.ts";
import { emptyProgress } from "./stream/answer.ts";
import { afterLastRead, createDeparture } from "./stream/departure.ts";
import { startRelay } from "./stream/relay.ts";
import type { Clock, Ending } from "./stream/watchdog.ts";
import { startWatchdog } from "./stream/watchdog.ts";
import { callProvider, countInput, isEventStream, passedHeaders, readWhole, requireBody } from "./upstream/call.ts";

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
  /** The request in the dialect of the model that was chosen. */
  prepare(model: Model): Exchange;
}

const clock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => scheduler.wait(ms, { signal }).catch(() => undefined),
};

/** Sends a call to its model under the caller's quota and relays the answer. Every refusal is thrown as an ApiError. */
export async function metered(caller: Caller, call: Call): Promise<Response> {
  const active = await catalogFor(caller.user, caller.env.CATALOG, Date.now(), caller.waitUntil);
  // What every answer says of itself, a refusal too; there is more of it the further it comes.
  const headers: Record<string, string> = { "weir-revision": active.revision };
  try {
    return await meteredUnder(active.catalog, caller, call, headers);
  } catch (thrown) {
    const error = toApiError(thrown);
    Object.assign(error.headers, headers, { "server-timing": caller.timing.toString() }, error.headers);
    throw error;
  }
}

async function meteredUnder(
  catalog: Catalog,
  caller: Caller,
  call: Call,
  headers: Record<string, string>,
): Promise<Response> {
  const { env, user } = caller;
  const startedAt = Date.now();
  caller.timing.mark("auth", startedAt);
  const { model, sunset } = chooseModel(catalog, call.model, startedAt);
  Object.assign(headers, modelHeaders(model, sunset));
  const exchange = call.prepare(model);
  requireSupport(catalog, model, exchange.needs, startedAt);

  // From here on the request is kept alive until it is settled, even when its caller leaves.
  const over = Promise.withResolvers<void>();
  caller.waitUntil(over.promise);
  try {
    const provider = providerOf(catalog, model);
    const { demand } = exchange;
    const count = () => countInput(env, provider, exchange.count());
    const lease = await admit({ env, user, catalog, model, demand, count, waitUntil: caller.waitUntil });
    caller.timing.mark("quota", Date.now());
    headers["weir-max-output-tokens"] = String(lease.granted);
    const settle = createSettlement({
      requestId: caller.requestId,
      endpoint: exchange.endpoint,
      model,
      demand,
      lease,
      startedAt,
      over: over.resolve,
    });
    return await send({ caller, call, model, exchange, lease, provider, catalog, headers, settle });
  } catch (error) {
    over.resolve();
    throw error;
  }
}

/** A request that has its reservation. */
interface Granted {
  caller: Caller;
  call: Call;
  catalog: Catalog;
  model: Model;
  exchange: Exchange;
  provider: Provider;
  lease: Lease;
  headers: Record<string, string>;
  settle: Settlement;
}

/** Calls the provider and answers. Until something is promised to the caller, every failure is thrown, settled. */
async function send(granted: Granted): Promise<Response> {
  const { caller, call, model, exchange, lease, provider, catalog, headers, settle } = granted;
  const control = new AbortController();
  const departure = createDeparture(control, clock, model.fixed.on_leave === "finish" ? catalog.timing.leave_ms : 0);
  caller.signal.addEventListener("abort", departure.leave, { once: true });
  // Who left before the provider was asked has nothing to be finished for.
  if (caller.signal.aborted) control.abort({ kind: "left" } satisfies Ending);
  // A whole answer sends nothing until it is complete, so only its total time is bounded.
  const { timing } = catalog;
  const deadlines = call.stream ? timing : { ...timing, first_byte_ms: timing.total_ms };
  const watchdog = startWatchdog(clock, deadlines, control);
  const withTiming = (all: Record<string, string>) => ({ ...all, "server-timing": caller.timing.toString() });
  const limitsOf = (view: View) => rateLimitHeaders(view, Date.now(), model.id);
  // Whether the provider has been asked, and whether it has begun to answer in a way that it will bill.
  let asked = false;
  let answered = false;
  try {
    const body = exchange.write(lease.granted);
    control.signal.throwIfAborted();
    asked = true;
    const { path } = ENDPOINTS[exchange.endpoint];
    const upstream = new AbortController();
    afterLastRead(control.signal, clock, () => upstream.abort(control.signal.reason));
    const response = await callProvider(caller.env, provider, path, body, upstream.signal);
    caller.timing.mark("provider", Date.now());
    Object.assign(headers, passedHeaders(response));
    answered = !isEventStream(response);
    if (!call.stream) {
      const answer = exchange.read(await readWhole(response));
      caller.timing.mark("relay", Date.now());
      watchdog.stop();
      const settled = await settle(answer.progress, { kind: "finished" });
      return respond(
        answer.conclude(settled),
        "application/json",
        withTiming({ ...headers, ...limitsOf(settled.view) }),
      );
    }
    const stream = await startRelay({
      body: requireBody(response),
      codec: exchange.codec(),
      control,
      watchdog,
      clock,
      coalesceMs: catalog.timing.coalesce_ms,
      departure,
      settle,
    });
    caller.timing.mark("relay", Date.now());
    return respond(stream, "text/event-stream; charset=utf-8", withTiming({ ...headers, ...limitsOf(lease.view) }));
  } catch (thrown) {
    watchdog.stop();
    const { signal } = control;
    const ending: Ending = signal.aborted ? (signal.reason as Ending) : { kind: "failed", error: toApiError(thrown) };
    control.abort(ending);
    // A caller who left may have cost the provider its work; a failure before any answer costs the caller nothing.
    const free = !asked || (ending.kind === "failed" && !answered);
    const { view } = await settle(emptyProgress(), ending, free);
    const error = ending.kind === "failed" ? ending.error : apiError("client_closed_request", "The caller left.");
    Object.assign(error.headers, limitsOf(view));
    throw error;
  }
}

function respond(body: BodyInit, type: string, headers: Record<string, string>): Response {
  return new Response(body, { headers: { ...headers, "content-type": type, "cache-control": "no-cache" } });
}

function providerOf(catalog: Catalog, { card }: Model): Provider {
  const provider = catalog.providers[card.provider];
  if (!provider) throw new Error(`no provider '${card.provider}'`);
  return provider;
}
