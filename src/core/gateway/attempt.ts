// One attempt: calls one provider and turns the start of its answer into the response.

import { ENDPOINTS } from "../catalog/endpoints.ts";
import { ApiError, withParam } from "../errors.ts";
import type { Admitted } from "../quota/admission.ts";
import type { Stage } from "../quota/ending-cost.ts";
import type { Settlement } from "../quota/settlement.ts";
import type { Progress } from "../relay/answer.ts";
import { emptyProgress } from "../relay/answer.ts";
import { createBytesCodec } from "../relay/bytes-codec.ts";
import type { Codec } from "../relay/codec.ts";
import type { Disconnect } from "../relay/disconnect.ts";
import { createDecodingCodec } from "../relay/event-codec.ts";
import { toStreamError } from "../relay/failure.ts";
import type { PumpAnswer } from "../relay/pump.ts";
import { afterLastRead } from "../relay/pump.ts";
import { startRelay } from "../relay/relay.ts";
import type { Clock, Watchdog } from "../relay/watchdog.ts";
import type { Call, Caller } from "./call.ts";
import type { Candidate } from "./candidates.ts";
import type { BytesReply, JsonReply, StreamReply } from "./exchange.ts";
import type { OpenGate } from "./gate.ts";
import type { Report } from "./headers.ts";
import { toFinalHeaders } from "./headers.ts";
import { statusOf } from "./provider-error.ts";
import { callProvider, contentTypeOf, isEventStream, passedHeaders, readText, requireBody } from "./provider.ts";

export const clock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => scheduler.wait(ms, { signal }).catch(() => undefined),
};

/** A request with a reservation. */
export interface AdmittedRequest {
  caller: Caller;
  call: Call;
  admitted: Admitted<Candidate>;
  report: Report;
  settle: Settlement;
  /** Ends `waitUntil`. Called when the request is settled, or when another request or the expiry will settle it. */
  release: () => void;
}

/** The state of a request from its reservation to its end. */
export interface RequestState {
  control: AbortController;
  disconnect: Disconnect;
  watchdog: Watchdog;
  gate: OpenGate;
  /** Awaited before the response starts: input moderation and the call's concurrent work. */
  ready: Promise<void>;
  /** The candidate that was called last. */
  lastCandidate: Candidate;
  stage: Stage;
  /** Progress of the answer before it is relayed. */
  progress: Progress;
}

/** Calls one provider and returns the response once its answer has started. Throws only before the response starts. */
export async function attempt(request: AdmittedRequest, state: RequestState, candidate: Candidate): Promise<Response> {
  const { caller, admitted, report } = request;
  const { ask, reply } = candidate.exchange;
  const maxOutputTokens = admitted.grantedTo(candidate);
  Object.assign(report, { model: candidate.model, maxOutputTokens });
  const sent = ask.write({ maxOutputTokens });
  Object.assign(state, { lastCandidate: candidate, stage: "sent", progress: emptyProgress() });
  const providerAbort = new AbortController();
  afterLastRead(state.control.signal, clock, () => providerAbort.abort(state.control.signal.reason));
  try {
    const path = ask.path ?? ENDPOINTS[ask.endpoint].path;
    const response = await callProvider(caller.env, candidate.provider, { path, ...sent }, providerAbort.signal);
    caller.timing.mark("provider", Date.now());
    report.passed = passedHeaders(response);
    // A stream keeps the stage `sent` until it is relayed: headers alone are no answer.
    if (!isEventStream(response)) state.stage = "answering";
    return await (reply.kind === "json"
      ? readReply(request, state, candidate, reply, response)
      : relayReply(request, state, candidate, reply, response));
  } catch (error) {
    providerAbort.abort(error);
    if (!(error instanceof ApiError)) throw error;
    // The provider returned an error status, so it did no billable work.
    if (statusOf(error) > 0) state.stage = "unsent";
    const { param } = error.body;
    throw param && ask.callerField ? withParam(error, ask.callerField(param)) : error;
  }
}

async function relayReply(
  request: AdmittedRequest,
  state: RequestState,
  candidate: Candidate,
  reply: StreamReply | BytesReply,
  response: Response,
): Promise<Response> {
  const { caller, admitted, settle } = request;
  const { control, disconnect, watchdog, ready } = state;
  const { codec, pump } = codecFor(reply, state.gate);
  state.progress = codec.progress;
  const body = await startRelay({
    body: requireBody(response, reply.kind),
    codec,
    pump,
    ready,
    control,
    watchdog,
    clock,
    coalesceMs: caller.catalog.timing.coalesce_ms,
    disconnect,
    settle: (progress, ending) => settle({ lastCandidate: candidate, stage: "relayed", ending, progress }),
  });
  caller.timing.mark("relay", Date.now());
  request.report.view = admitted.lease.view;
  return respond(request, body, reply.kind === "stream" ? "text/event-stream; charset=utf-8" : contentTypeOf(response));
}

function codecFor(reply: StreamReply | BytesReply, gate: OpenGate): { codec: Codec; pump: PumpAnswer | undefined } {
  if (reply.kind === "bytes") return { codec: createBytesCodec(reply.usageIn), pump: undefined };
  const gated = gate.stream(reply);
  if (gated) return gated;
  return { codec: reply.passThrough?.() ?? createDecodingCodec(reply.dialect, reply.events), pump: undefined };
}

async function readReply(
  request: AdmittedRequest,
  state: RequestState,
  candidate: Candidate,
  reply: JsonReply,
  response: Response,
): Promise<Response> {
  const { caller, admitted, report, settle } = request;
  const answer = reply.read(await readText(response));
  caller.timing.mark("relay", Date.now());
  state.watchdog.stop();
  const { progress } = answer;
  state.progress = progress;
  await state.ready;
  await state.gate.requireAllowed(answer.allText);
  if (answer.settlesLater) {
    request.release();
    const { view } = admitted.lease;
    report.view = view;
    return respond(request, answer.conclude({ left: {}, usd: 0 }), "application/json");
  }
  if (progress.error) throw toStreamError(progress.error);
  const settled = await settle({
    lastCandidate: candidate,
    stage: state.stage,
    ending: { kind: "finished" },
    progress,
  });
  report.view = settled.view;
  return respond(request, answer.conclude(settled), "application/json");
}

function respond({ caller, report }: AdmittedRequest, body: BodyInit, contentType: string): Response {
  const headers = toFinalHeaders(report, caller.timing);
  return new Response(body, { headers: { ...headers, "content-type": contentType, "cache-control": "no-cache" } });
}
