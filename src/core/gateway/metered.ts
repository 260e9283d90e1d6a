// The only path to a model's answer: resolve, bound, reserve, moderate, call, relay, settle.

import { apiError, toApiError, withHeaders } from "../errors.ts";
import type { Plan } from "../catalog/schema.ts";
import { admit } from "../quota/admission.ts";
import { leastOf } from "../catalog/quota-window.ts";
import type { SettledRequest, Settlement } from "../quota/settlement.ts";
import { costOfEnd, createSettlement } from "../quota/settlement.ts";
import { emptyProgress } from "../relay/answer.ts";
import type { Closing } from "../relay/codec.ts";
import type { Ending } from "../relay/watchdog.ts";
import { attempt } from "./attempt.ts";
import type { Call, Caller, ReservedRequest } from "./call.ts";
import type { Candidate } from "./candidates.ts";
import { candidatesFor, countInputOf } from "./candidates.ts";
import type { Reply } from "./exchange.ts";
import { abortOnEnding, gateRequests, NO_MODERATION, openGate } from "./gate.ts";
import type { Report } from "./headers.ts";
import { toFinalHeaders, toHeaders } from "./headers.ts";
import { isOwnModel, withOwnModel } from "./own-models.ts";
import type { AdmittedRequest, RequestState } from "./request-state.ts";
import { clock, createState, endOf, EVENT_STREAM, respond } from "./request-state.ts";
import { tryCandidates } from "./retry.ts";

/** Sends a call to its model under the caller's quota and relays the answer. Throws every refusal as an ApiError. */
export async function metered(caller: Caller, call: Call): Promise<Response> {
  const report: Report = { revision: caller.revision };
  try {
    const owner = isOwnModel(call.model) ? await withOwnModel(caller, call.model) : caller;
    return await reserveAndSend(owner, call, report);
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
  const { key = crypto.randomUUID(), partOf, job, concurrentRequests = 0 } = call;
  const admission = {
    env,
    user,
    catalog,
    candidates,
    key,
    partOf,
    job,
    maySettleLate: call.onReserved !== undefined,
    canCount: provider.counts_input && exchange.ask.count !== undefined,
    count: () => countInputOf(env, candidates[0]),
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

/** Returns the handle for `onReserved`, and the request with a settlement that the handle observes. */
function observe(
  request: AdmittedRequest,
  state: RequestState,
): { request: AdmittedRequest; reserved: ReservedRequest } {
  const { admitted } = request;
  const settled = Promise.withResolvers<SettledRequest | undefined>();
  const release = () => {
    settled.resolve(undefined);
    request.release();
  };
  const settle: Settlement = async (end, onSlow) => {
    const result = await request.settle(end, onSlow);
    settled.resolve(result);
    return result;
  };
  const { bound } = admitted.lease;
  const reserved: ReservedRequest = {
    plan: admitted.plan,
    settled: settled.promise,
    cancel: () => state.control.abort({ kind: "cancelled" } satisfies Ending),
    chargeAfter(ms) {
      // The provider can be called within that time, and other requests can be made.
      const working: RequestState = isUnanswered(state) ? { ...state, stage: "sent" } : state;
      const cost = costOfEnd(endOf(request, working, { kind: "left" }, ms), admitted.exactInput);
      return leastOf({ ...cost, requests: bound.requests }, bound);
    },
  };
  return { request: { ...request, settle, release }, reserved };
}

/** Calls the candidates until one answers. Resolves when the response starts, and rejects when it cannot start. */
function send(admitted: AdmittedRequest): Promise<Response> {
  const state = createState(admitted);
  const { onReserved } = admitted.call;
  const observed = onReserved && observe(admitted, state);
  const request = observed?.request ?? admitted;
  const begin = async () => {
    if (observed) onReserved(observed.reserved);
    await answer(request, state);
  };
  void begin()
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
  const { remains } = admitted.candidates[0].exchange.ask;
  const tryOnce = (candidate: (typeof admitted.candidates)[0], number: number) => {
    signal.throwIfAborted();
    report.attempts = number;
    return attempt(request, state, candidate);
  };
  await startModeration(request, state);
  const mayRetry = () => !signal.aborted && (isUnanswered(state) || (state.stage === "sent" && remains !== "work"));
  const isFinal = () => !mayRetry();
  const pause = caller.retriesItself ? undefined : (ms: number) => clock.wait(ms, signal);
  await tryCandidates(admitted.candidates, tryOnce, { isFinal, pause });
}

/** Tests if no provider works on the request. */
const isUnanswered = ({ stage }: RequestState) => stage === "unsent" || stage === "refused";

/**
 * Settles a request that failed before its answer started. Then the response is the error, or its body ends with it.
 */
async function endWithoutAnswer(request: AdmittedRequest, state: RequestState, thrown: unknown): Promise<void> {
  const { report, settle, admitted } = request;
  const { control, response, lastCandidate } = state;
  const { signal } = control;
  state.watchdog.stop();
  const ending: Ending = signal.aborted ? (signal.reason as Ending) : { kind: "failed", error: toApiError(thrown) };
  control.abort(ending);
  const error = "error" in ending ? ending.error : apiError("client_closed_request", "The caller left.");
  report.view = admitted.lease.view;
  const { reply } = lastCandidate.exchange;
  const closing = closingFor(reply);
  if (admitted.candidates[0].exchange.ask.remains === "work" && !isUnanswered(state)) {
    // The provider may still be working, and its id is lost. The lease expires and is charged in full.
    request.release();
  } else {
    const slow = Promise.withResolvers<undefined>();
    const settling = settle(endOf(request, state, ending), () => slow.resolve(undefined));
    if (ending.kind === "cancelled") return closeBody(request, state, closing?.cancel?.(await settling));
    const settled = await Promise.race([settling, slow.promise]);
    if (settled) report.view = settled.view;
  }
  if (!state.hasResponded) return response.reject(error);
  return closeBody(request, state, closing?.fail(error.body));
}

/** The closing events of an answer that has not started. */
function closingFor(reply: Reply): Closing | undefined {
  if (reply.kind === "json") return undefined;
  return reply.kind === "stream" ? reply.events(emptyProgress()) : reply.createCodec();
}

/** Ends the body with the closing event, or cuts it when there is none. Starts the response if it has not started. */
async function closeBody(request: AdmittedRequest, state: RequestState, closing: Uint8Array | undefined) {
  const { sink, readable } = state.openBody();
  respond(request, state, readable, EVENT_STREAM);
  if (!closing) return sink.cut();
  await sink.write(closing);
  await sink.close();
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
