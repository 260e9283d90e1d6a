// The only path to a model's answer: resolve, bound, reserve, moderate, call, relay, settle.

import { apiError, toApiError, withHeaders } from "../errors.ts";
import { admit } from "../quota/admission.ts";
import type { Settlement } from "../quota/settlement.ts";
import { createSettlement } from "../quota/settlement.ts";
import { emptyProgress } from "../relay/answer.ts";
import { createDisconnect } from "../relay/disconnect.ts";
import type { Ending } from "../relay/watchdog.ts";
import { startWatchdog } from "../relay/watchdog.ts";
import type { AdmittedRequest, RequestState } from "./attempt.ts";
import { attempt, clock } from "./attempt.ts";
import type { Call, Caller } from "./call.ts";
import { candidatesFor } from "./candidates.ts";
import { abortOnEnding, NO_MODERATION, openGate } from "./gate.ts";
import type { Report } from "./headers.ts";
import { toFinalHeaders, toHeaders } from "./headers.ts";
import { countInput } from "./provider.ts";
import { tryCandidates } from "./retry.ts";

/** Sends a call to its model under the caller's quota and relays the answer. Throws every refusal as an ApiError. */
export async function metered(caller: Caller, call: Call): Promise<Response> {
  const report: Report = { revision: caller.revision };
  try {
    return await reserveAndSend(caller, call, report);
  } catch (thrown) {
    throw withHeaders(toApiError(thrown), toFinalHeaders(report, caller.timing));
  }
}

async function reserveAndSend(caller: Caller, call: Call, report: Report): Promise<Response> {
  const { env, user, catalog, requestId, waitUntil } = caller;
  const startedAt = Date.now();
  caller.timing.mark("auth", startedAt);
  const { candidates, sunset } = candidatesFor(catalog, call.model, call.ways, startedAt);
  const [{ model, provider, exchange }] = candidates;
  Object.assign(report, { model, sunset });

  // waitUntil keeps the request alive until it is settled, even after the caller disconnects.
  const released = Promise.withResolvers<void>();
  const release = released.resolve;
  waitUntil(released.promise);
  try {
    const count = () => countInput(env, provider, exchange.ask.count?.());
    const { key = crypto.randomUUID(), partOf } = call;
    const admitted = await admit({ env, user, catalog, candidates, key, partOf, count, waitUntil });
    caller.timing.mark("quota", Date.now());
    const { lease, exactInput } = admitted;
    const settle = createSettlement({ requestId, lease, exactInput, startedAt });
    const settleAndRelease: Settlement = (ended) => settle(ended).finally(release);
    return await send({ caller, call, admitted, report, settle: settleAndRelease, release });
  } catch (error) {
    release();
    throw error;
  }
}

/** Calls the candidates until one answers. Before the response starts, every failure is settled and then thrown. */
async function send(request: AdmittedRequest): Promise<Response> {
  const { caller, admitted, report, settle } = request;
  const state = createState(request);
  const { control } = state;
  const { signal } = control;
  const { remains, readOnce } = admitted.candidates[0].exchange.ask;
  try {
    const tryOnce = (candidate: (typeof admitted.candidates)[0], number: number) => {
      signal.throwIfAborted();
      report.attempts = number;
      return attempt(request, state, candidate);
    };
    await startModeration(request, state);
    const mayRetry = () =>
      !signal.aborted && !readOnce && (state.stage === "unsent" || (state.stage === "sent" && remains !== "work"));
    const isFinal = () => !mayRetry();
    const pause = caller.retriesItself ? undefined : (ms: number) => clock.wait(ms, signal);
    return await tryCandidates(admitted.candidates, tryOnce, { isFinal, pause });
  } catch (thrown) {
    state.watchdog.stop();
    const ending: Ending = signal.aborted ? (signal.reason as Ending) : { kind: "failed", error: toApiError(thrown) };
    control.abort(ending);
    const error = "error" in ending ? ending.error : apiError("client_closed_request", "The caller left.");
    if (remains === "work" && state.stage !== "unsent") {
      // The provider may still be working, and its id is lost. The lease expires and is charged in full.
      request.release();
      throw error;
    }
    const { lastCandidate, stage, progress } = state;
    const { view } = await settle({ lastCandidate, stage, ending, progress });
    report.view = view;
    throw error;
  }
}

/** Starts the deadlines and listens for the caller's disconnect. */
function createState({ caller, admitted }: AdmittedRequest): RequestState {
  const [first] = admitted.candidates;
  const { model, exchange } = first;
  const { timing: configured } = caller.catalog;
  const timing = { ...configured, total_ms: Math.min(configured.total_ms, exchange.ask.maxMs ?? Infinity) };
  const control = new AbortController();
  const disconnect = createDisconnect(control, clock, model.fixed.on_leave === "finish" ? timing.leave_ms : 0);
  // Work that continues at the provider after the request ignores the caller's disconnect.
  if (exchange.ask.remains !== "work") caller.signal.addEventListener("abort", disconnect.markLeft, { once: true });
  // The caller disconnected before the provider was called, so there is no answer to finish.
  if (caller.signal.aborted) control.abort({ kind: "left" } satisfies Ending);
  // An answer that is not streamed arrives complete, so only the total deadline applies to it.
  const deadlines = exchange.reply.kind === "stream" ? timing : { ...timing, first_byte_ms: timing.total_ms };
  const watchdog = startWatchdog(clock, deadlines, control);
  const open = { gate: NO_MODERATION, ready: Promise.resolve() };
  return { control, disconnect, watchdog, ...open, lastCandidate: first, stage: "unsent", progress: emptyProgress() };
}

/** Starts the call's concurrent work and the moderation. Waits for the checks that must precede the provider call. */
async function startModeration(
  { caller, call, admitted, report }: AdmittedRequest,
  state: RequestState,
): Promise<void> {
  const { control } = state;
  const [{ model, exchange }] = admitted.candidates;
  const headers = toHeaders({ ...report, view: admitted.lease.view }, Date.now());
  const concurrentWork = call.concurrentWork && abortOnEnding(call.concurrentWork(headers, control.signal), control);
  const gate = openGate({ caller, key: admitted.lease.key, plan: admitted.plan, model, exchange, control, clock });
  const ready = Promise.all([concurrentWork, gate.beforeResponse]).then(() => undefined);
  // If the provider fails first, nothing awaits this promise; this avoids an unhandled rejection.
  ready.catch(() => undefined);
  Object.assign(state, { gate, ready });
  await gate.beforeCall;
}
