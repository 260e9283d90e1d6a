// The only path to a model's answer: resolve, bound, reserve, moderate, call, relay, settle.

import { apiError, toApiError, withHeaders } from "../errors.ts";
import type { Plan } from "../catalog/schema.ts";
import { admit } from "../quota/admission.ts";
import type { Settlement } from "../quota/settlement.ts";
import { createSettlement } from "../quota/settlement.ts";
import { emptyProgress } from "../relay/answer.ts";
import { createDisconnect } from "../relay/disconnect.ts";
import type { Deadlines, Ending } from "../relay/watchdog.ts";
import { startWatchdog } from "../relay/watchdog.ts";
import type { StreamBody } from "../relay/stream-body.ts";
import { createStreamBody } from "../relay/stream-body.ts";
import type { AdmittedRequest, RequestState } from "./attempt.ts";
import { attempt, clock, countFor, endOf, EVENT_STREAM, respond } from "./attempt.ts";
import type { Call, Caller } from "./call.ts";
import type { Candidate } from "./candidates.ts";
import { candidatesFor } from "./candidates.ts";
import { abortOnEnding, gateRequests, NO_MODERATION, openGate } from "./gate.ts";
import type { Report } from "./headers.ts";
import { toFinalHeaders, toHeaders } from "./headers.ts";
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
  const { key = crypto.randomUUID(), partOf, concurrentRequests = 0 } = call;
  const admission = {
    env,
    user,
    catalog,
    candidates,
    key,
    partOf,
    canCount: provider.counts_input && exchange.ask.count !== undefined,
    count: () => countFor(env, candidates[0]),
    otherRequests: (plan: Plan, candidate: Candidate) => concurrentRequests + gateRequests(plan, candidate),
    waitUntil,
  };
  const admitted = await admit(admission).catch((error: unknown) => {
    release();
    throw error;
  });
  caller.timing.mark("quota", Date.now());
  const settle = createSettlement({ ...admitted, requestId, startedAt });
  const settleAndRelease: Settlement = (end, onSlow) => settle(end, onSlow).finally(release);
  return send({ caller, call, admitted, report, settle: settleAndRelease, release });
}

/** Calls the candidates until one answers. Resolves when the response starts, and rejects when it cannot start. */
function send(request: AdmittedRequest): Promise<Response> {
  const state = createState(request);
  void answer(request, state)
    .catch((thrown: unknown) => endWithoutAnswer(request, state, thrown))
    .catch((error: unknown) => {
      request.release();
      state.response.reject(error);
    });
  return state.response.promise;
}

async function answer(request: AdmittedRequest, state: RequestState): Promise<void> {
  const { caller, admitted, report } = request;
  const { signal } = state.control;
  const { remains, readOnce } = admitted.candidates[0].exchange.ask;
  const tryOnce = (candidate: (typeof admitted.candidates)[0], number: number) => {
    signal.throwIfAborted();
    report.attempts = number;
    return attempt(request, state, candidate);
  };
  await startModeration(request, state);
  const mayRetry = () =>
    !signal.aborted && !readOnce && (isUnanswered(state) || (state.stage === "sent" && remains !== "work"));
  const isFinal = () => !mayRetry();
  const pause = caller.retriesItself ? undefined : (ms: number) => clock.wait(ms, signal);
  await tryCandidates(admitted.candidates, tryOnce, { isFinal, pause });
}

/** Tests if no provider works on the request. */
const isUnanswered = ({ stage }: RequestState) => stage === "unsent" || stage === "refused";

/** Settles a request that failed before its answer started. Then the response is the error, or its body ends with it. */
async function endWithoutAnswer(request: AdmittedRequest, state: RequestState, thrown: unknown): Promise<void> {
  const { report, settle, admitted } = request;
  const { control, response, lastCandidate } = state;
  const { signal } = control;
  state.watchdog.stop();
  const ending: Ending = signal.aborted ? (signal.reason as Ending) : { kind: "failed", error: toApiError(thrown) };
  control.abort(ending);
  const error = "error" in ending ? ending.error : apiError("client_closed_request", "The caller left.");
  report.view = admitted.lease.view;
  if (admitted.candidates[0].exchange.ask.remains === "work" && !isUnanswered(state)) {
    // The provider may still be working, and its id is lost. The lease expires and is charged in full.
    request.release();
  } else {
    const slow = Promise.withResolvers<undefined>();
    const settling = settle(endOf(request, state, ending), () => slow.resolve(undefined));
    const settled = await Promise.race([settling, slow.promise]);
    if (settled) report.view = settled.view;
  }
  if (!state.hasResponded) return response.reject(error);
  const { reply } = lastCandidate.exchange;
  const { sink } = state.openBody();
  const failed = reply.kind === "stream" ? reply.events(emptyProgress()).fail(error.body) : undefined;
  if (!failed) return sink.cut();
  await sink.write(failed);
  await sink.close();
}

/** Starts the deadlines and listens for the caller's disconnect. */
function createState(request: AdmittedRequest): RequestState {
  const { caller, admitted } = request;
  const [first] = admitted.candidates;
  const { exchange } = first;
  const { timing: configured } = caller.catalog;
  const timing = { ...configured, total_ms: Math.min(configured.total_ms, exchange.ask.maxMs ?? Infinity) };
  const control = new AbortController();
  let body: StreamBody | undefined;
  const disconnect = createDisconnect(control, clock, () => leaveMsOf(state, timing.leave_ms));
  // Phones give up when they hear nothing, so a long wait starts the response.
  const sendKeepAlive = () => {
    const opened = state.openBody();
    respond(request, state, opened.readable, EVENT_STREAM);
    opened.keepAlive();
  };
  const keepAlive = exchange.reply.kind === "stream" ? sendKeepAlive : undefined;
  const state: RequestState = {
    control,
    disconnect,
    watchdog: startWatchdog(clock, deadlinesOf(timing, first), control, keepAlive),
    gate: NO_MODERATION,
    ready: Promise.resolve(),
    lastCandidate: first,
    stage: "unsent",
    progress: emptyProgress(),
    otherRequests: 0,
    sentAt: clock.now(),
    timedOut: [],
    response: Promise.withResolvers(),
    hasResponded: false,
    openBody: () => (body ??= createStreamBody(disconnect)),
  };
  // Work that continues at the provider after the request ignores the caller's disconnect.
  if (exchange.ask.remains !== "work") caller.signal.addEventListener("abort", disconnect.markLeft, { once: true });
  // The caller disconnected before the provider was called, so there is no answer to finish.
  if (caller.signal.aborted) control.abort({ kind: "left" } satisfies Ending);
  return state;
}

function deadlinesOf(timing: Deadlines, { model, exchange }: Candidate): Deadlines {
  // An answer that is not streamed arrives complete, so only the total deadline applies to it.
  if (exchange.reply.kind !== "stream") return { ...timing, first_byte_ms: timing.total_ms };
  const thinkingMs = model.card.reasoning?.max_thinking_ms ?? 0;
  return { ...timing, first_byte_ms: Math.max(timing.first_byte_ms, thinkingMs) };
}

/**
 * Returns how long a provider may still work after the caller has left. By default, only if that costs nothing: only the
 * usage is missing, or the answer is not streamed, which providers finish in any case.
 */
function leaveMsOf({ lastCandidate: { model, exchange }, progress, stage }: RequestState, leaveMs: number): number {
  const onlyUsageIsMissing = progress.finish !== undefined && !progress.usage && !progress.ended;
  const isPaid = onlyUsageIsMissing || (exchange.reply.kind !== "stream" && stage !== "unsent");
  const { on_leave = isPaid ? "finish" : "cancel" } = model.fixed;
  return on_leave === "finish" ? leaveMs : 0;
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
  state.otherRequests = call.concurrentWork ? (call.concurrentRequests ?? 0) : 0;
  const gate = openGate({ caller, key: admitted.lease.key, plan: admitted.plan, model, exchange, control, clock });
  const ready = Promise.all([concurrentWork, gate.beforeResponse]).then(() => undefined);
  // If the provider fails first, nothing awaits this promise; this avoids an unhandled rejection.
  ready.catch(() => undefined);
  Object.assign(state, { gate, ready });
  if (gate !== NO_MODERATION) state.otherRequests += gateRequests(admitted.plan, admitted.candidates[0]);
  await gate.beforeCall;
}
