// One attempt: calls one provider and turns the start of its answer into the response.

import type { Bindings } from "../env.ts";
import { providerAccess } from "../catalog/provider-access.ts";
import { ENDPOINTS } from "../catalog/endpoints.ts";
import { ApiError, withParam } from "../errors.ts";
import type { Admitted } from "../quota/admission.ts";
import type { Stage } from "../quota/ending-cost.ts";
import type { RequestEnd, Settlement } from "../quota/settlement.ts";
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
import type { StreamBody } from "../relay/stream-body.ts";
import type { Clock, Ending, Watchdog } from "../relay/watchdog.ts";
import type { Call, Caller } from "./call.ts";
import type { Candidate } from "./candidates.ts";
import type { BytesReply, JsonReply, StreamReply } from "./exchange.ts";
import type { OpenGate } from "./gate.ts";
import type { Report } from "./headers.ts";
import { toFinalHeaders } from "./headers.ts";
import { statusOf } from "./provider-error.ts";
import {
  callProvider,
  contentTypeOf,
  countInput,
  isEventStream,
  passedHeaders,
  readText,
  requireBody,
} from "./provider.ts";

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
  progress: Progress;
  /** Requests to providers beside those to candidates. */
  otherRequests: number;
  /** The time of the last call of a candidate (epoch ms). */
  sentAt: number;
  /** The calls that ended with a timeout of the provider. */
  timedOut: RequestEnd[];
  /** The response to the caller. A keep-alive starts it when the answer takes long. */
  response: PromiseWithResolvers<Response>;
  /** The response has started. */
  hasResponded: boolean;
  /** The body of a streamed response, created when it is first needed. */
  openBody: () => StreamBody;
}

/** Calls one provider and starts the response once its answer has started. Throws only before the answer starts. */
export async function attempt(request: AdmittedRequest, state: RequestState, candidate: Candidate): Promise<void> {
  const { caller, admitted, report } = request;
  const { ask, reply } = candidate.exchange;
  const maxOutputTokens = admitted.grantedTo(candidate);
  Object.assign(report, { model: candidate.model, maxOutputTokens });
  const sent = ask.write({ maxOutputTokens });
  // A provider that is not configured is not called.
  providerAccess(caller.env, candidate.provider);
  const sentAt = clock.now();
  Object.assign(state, { lastCandidate: candidate, stage: "sent", progress: emptyProgress(), sentAt });
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
    // A provider, or a proxy before it, that timed out has worked until then. Any other error status means no work.
    const ending: Ending = { kind: "timeout", error };
    if (error.body.code === "provider_timeout") state.timedOut.push(endOf(request, state, ending));
    if (statusOf(error) > 0) state.stage = "refused";
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
): Promise<void> {
  const { caller, settle } = request;
  const { control, disconnect, watchdog, ready } = state;
  const { codec, pump } = codecFor(reply, state.gate);
  state.progress = codec.progress;
  await startRelay({
    body: requireBody(response, reply.kind),
    codec,
    pump,
    ready,
    control,
    watchdog,
    clock,
    coalesceMs: caller.catalog.timing.coalesce_ms,
    disconnect,
    grantedOutput: grantedOutput(request, candidate),
    start() {
      caller.timing.mark("relay", Date.now());
      state.stage = "relayed";
      const body = state.openBody();
      respond(request, state, body.readable, reply.kind === "stream" ? EVENT_STREAM : contentTypeOf(response));
      return body;
    },
    settle: (_, ending, onSlow) => settle(endOf(request, state, ending), onSlow),
  });
}

/** Gets a candidate's exact input token count from its provider; undefined when it is not available. */
export const countFor = (env: Bindings, { provider, exchange: { ask } }: Candidate) =>
  countInput(env, provider, ask.count?.());

export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** The output tokens that were granted to all choices of a candidate together. */
const grantedOutput = ({ admitted }: AdmittedRequest, candidate: Candidate) =>
  admitted.grantedTo(candidate) * candidate.exchange.ask.demand.choices;

/** Returns how the request ended, with the work that its last candidate may have done by now. */
export function endOf(request: AdmittedRequest, state: RequestState, ending: Ending): RequestEnd {
  const { lastCandidate, stage, progress, otherRequests, sentAt, timedOut } = state;
  const work = { elapsedMs: clock.now() - sentAt, grantedOutput: grantedOutput(request, lastCandidate) };
  const count = () => countFor(request.caller.env, lastCandidate);
  return { lastCandidate, stage, ending, progress, otherRequests, work, timedOut: [...timedOut], count };
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
): Promise<void> {
  const { caller, report, settle } = request;
  const answer = reply.read(await readText(response, candidate.model.card.max_answer_bytes));
  caller.timing.mark("relay", Date.now());
  state.watchdog.stop();
  const { progress } = answer;
  state.progress = progress;
  await state.ready;
  await state.gate.requireAllowed(answer.allText);
  if (answer.settlesLater) {
    request.release();
    return respond(request, state, answer.conclude({ left: {}, usd: 0 }), "application/json");
  }
  if (progress.error) throw toStreamError(progress.error);
  const settled = await settle(endOf(request, state, { kind: "finished" }));
  report.view = settled.view;
  respond(request, state, answer.conclude(settled), "application/json");
}

/** Starts the response to the caller, unless it has started. */
export function respond(request: AdmittedRequest, state: RequestState, body: BodyInit, contentType: string): void {
  if (state.hasResponded) return;
  state.hasResponded = true;
  const { report, caller, admitted } = request;
  report.view ??= admitted.lease.view;
  const headers = toFinalHeaders(report, caller.timing);
  state.response.resolve(
    new Response(body, { headers: { ...headers, "content-type": contentType, "cache-control": "no-cache" } }),
  );
}
