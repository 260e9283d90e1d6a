// The one way through the house: who → which → how much at most → reserve → call → relay → settle. In this order, once.

import type { User } from "./auth/user.ts";
import { chooseModel, choosePlan, modelHeaders, requireEndpoint } from "./catalog/choose.ts";
import type { Model } from "./catalog/resolve.ts";
import type { Catalog, Provider } from "./catalog/schema.ts";
import { activeCatalog } from "./catalog/store.ts";
import type { Exchange } from "./endpoints/exchange.ts";
import type { Bindings } from "./env.ts";
import { apiError, toApiError } from "./errors.ts";
import type { Demand } from "./quota/bound.ts";
import { toBound } from "./quota/bound.ts";
import { NO_CHARGE, toCharge } from "./quota/charge.ts";
import { quotaOf } from "./quota/client.ts";
import type { Lease } from "./quota/lease.ts";
import { openLease } from "./quota/lease.ts";
import { quotaName } from "./quota/name.ts";
import { leftOf, rateLimitHeaders } from "./quota/rate-limit.ts";
import type { View } from "./quota/view.ts";
import type { Progress } from "./stream/answer.ts";
import { emptyProgress } from "./stream/answer.ts";
import { startRelay } from "./stream/relay.ts";
import type { Clock, Ending } from "./stream/watchdog.ts";
import { startWatchdog } from "./stream/watchdog.ts";
import { callProvider, passedHeaders } from "./upstream/call.ts";

/** Who asks, and what the platform gives for this one request. */
export interface Caller {
  env: Bindings;
  user: User;
  requestId: string;
  /** Aborts when the caller leaves. */
  signal: AbortSignal;
  waitUntil: (work: Promise<unknown>) => void;
}

/** What is asked. Routes differ in this and in nothing else. */
export interface Call {
  /** An alias or a snapshot. */
  model: string;
  stream: boolean;
  demand: Demand;
  /** The request in the dialect of the model that was chosen. Throws 400 for what its card does not support. */
  prepare(model: Model): Exchange;
}

/** A lease outlives its request by this much, so that a settlement is never late only because the answer was long. */
const LEASE_GRACE_MS = 90_000;

const clock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => scheduler.wait(ms, { signal }).catch(() => undefined),
};

/** Sends a call to its model under the caller's quota and relays the answer. Every refusal is thrown as an ApiError. */
export async function metered(caller: Caller, call: Call): Promise<Response> {
  const { env, user } = caller;
  const startedAt = Date.now();
  const { catalog, revision } = await activeCatalog(env.CATALOG, startedAt, caller.waitUntil);
  const { plan } = choosePlan(catalog, user.plan);
  const { model, sunset } = chooseModel(catalog, call.model, startedAt);
  const exchange = call.prepare(model);
  requireEndpoint(catalog, model, exchange.endpoint, startedAt);
  const bound = toBound(call.demand, model.card, plan, catalog.min_output_tokens);

  // From here on the request is kept alive until it is settled, even when its caller leaves.
  const over = Promise.withResolvers<void>();
  caller.waitUntil(over.promise);
  try {
    const quota = quotaOf(env, await quotaName(user, env.QUOTA_PEPPER), plan);
    const lease = await openLease(quota, bound, catalog.timing.total_ms + LEASE_GRACE_MS);
    const headers = { ...modelHeaders(model, sunset), "weir-revision": revision };
    const settle = createSettlement({ caller, call, model, exchange, lease, startedAt, over: over.resolve });
    return await send({ caller, call, model, exchange, lease, catalog, headers, settle });
  } catch (error) {
    over.resolve();
    throw error;
  }
}

interface Granted {
  caller: Caller;
  call: Call;
  model: Model;
  exchange: Exchange;
  lease: Lease;
}

type Settle = (progress: Progress, ending: Ending, free?: boolean) => Promise<View>;

/** Calls the provider and answers. Until something is promised to the caller, every failure is thrown, settled. */
async function send(
  granted: Granted & { catalog: Catalog; headers: Record<string, string>; settle: Settle },
): Promise<Response> {
  const { caller, call, model, exchange, lease, catalog, headers, settle } = granted;
  const control = new AbortController();
  const leave = () => control.abort({ kind: "left" } satisfies Ending);
  caller.signal.addEventListener("abort", leave, { once: true });
  if (caller.signal.aborted) leave();
  const watchdog = startWatchdog(clock, catalog.timing, control);
  try {
    const body = exchange.write(lease.granted);
    const response = await callProvider(
      caller.env,
      providerOf(catalog, model),
      exchange.endpoint,
      body,
      control.signal,
    );
    Object.assign(headers, passedHeaders(response));
    if (!call.stream) {
      const answer = exchange.read(await readText(response));
      watchdog.stop();
      const view = await settle(answer.progress, { kind: "finished" });
      return respond(answer.conclude(leftOf(view)), "application/json", headers, view);
    }
    const stream = await startRelay({
      body: requireStream(response),
      codec: exchange.codec(),
      control,
      watchdog,
      clock,
      coalesceMs: catalog.timing.coalesce_ms,
      settle: async (progress, ending) => leftOf(await settle(progress, ending)),
    });
    return respond(stream, "text/event-stream; charset=utf-8", headers, lease.view);
  } catch (thrown) {
    watchdog.stop();
    const { signal } = control;
    const ending: Ending = signal.aborted ? (signal.reason as Ending) : { kind: "failed", error: toApiError(thrown) };
    // A caller who left may have cost the provider its work; a failure before the answer costs the caller nothing.
    const view = await settle(emptyProgress(), ending, ending.kind === "failed");
    const error = ending.kind === "failed" ? ending.error : apiError("client_closed_request", "The caller left.");
    Object.assign(error.headers, headers, rateLimitHeaders(view, Date.now()));
    throw error;
  }
}

/** Settles the lease by how the request ended, once, and logs it. Gives what the windows hold afterwards. */
function createSettlement(granted: Granted & { startedAt: number; over: () => void }): Settle {
  const { caller, call, model, exchange, lease, startedAt, over } = granted;
  return async (progress, ending, free = false) => {
    const charge = free ? NO_CHARGE : toCharge(progress, call.demand, model.card);
    const view = await lease.settle(charge);
    // Metadata only: no content, no names, no keys.
    console.log(
      JSON.stringify({
        event: "metered",
        request: caller.requestId,
        endpoint: exchange.endpoint,
        model: model.snapshot,
        ending: ending.kind,
        code: ending.kind === "failed" ? ending.error.body.code : undefined,
        usage: progress.usage,
        charged: charge.tokens,
        ms: Date.now() - startedAt,
      }),
    );
    over();
    return view ?? lease.view;
  };
}

function respond(body: BodyInit, type: string, headers: Record<string, string>, view: View): Response {
  const limits = rateLimitHeaders(view, Date.now());
  return new Response(body, { headers: { ...headers, ...limits, "content-type": type, "cache-control": "no-cache" } });
}

/** The whole answer. A connection that breaks off is the provider's fault. */
async function readText(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw apiError("provider_error", "The model's answer broke off. Please try again.", { cause });
  }
}

function requireStream(response: Response): ReadableStream<Uint8Array> {
  const streams = response.headers.get("content-type")?.startsWith("text/event-stream");
  if (response.body && streams) return response.body;
  throw apiError("provider_error", "The model did not stream its answer. Please try again.");
}

function providerOf(catalog: Catalog, { card }: Model): Provider {
  const provider = catalog.providers[card.provider];
  if (!provider) throw new Error(`no provider '${card.provider}'`);
  return provider;
}
