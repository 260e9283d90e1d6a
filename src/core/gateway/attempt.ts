// One attempt: calls one provider and turns the start of its answer into the response.

import { ENDPOINTS } from "../catalog/endpoints.ts";
import { providerAccess } from "../catalog/provider-access.ts";
import { ApiError, withParam } from "../errors.ts";
import { emptyProgress } from "../relay/answer.ts";
import type { Codec } from "../relay/codec.ts";
import { createDecodingCodec } from "../relay/event-codec.ts";
import { toStreamError } from "../relay/failure.ts";
import type { PumpAnswer } from "../relay/pump.ts";
import { afterLastRead } from "../relay/pump.ts";
import { startRelay } from "../relay/relay.ts";
import type { Ending } from "../relay/watchdog.ts";
import type { Candidate } from "./candidates.ts";
import type { BytesReply, JsonReply, StreamReply } from "./exchange.ts";
import { readsEvents } from "./exchange.ts";
import type { OpenGate } from "./gate.ts";
import { statusOf } from "./provider-error.ts";
import { callProvider, contentTypeOf, isEventStream, passedHeaders, readText, requireBody } from "./provider.ts";
import type { AdmittedRequest, RequestState } from "./request-state.ts";
import { clock, endOf, EVENT_STREAM, grantedOutput, respond } from "./request-state.ts";

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
    report.passed = { ...ask.changes, ...passedHeaders(response) };
    // A stream keeps the stage `sent` until it is relayed: headers alone are no answer.
    if (!readsEvents(reply) || !isEventStream(response)) state.stage = "answering";
    return await (reply.kind === "json"
      ? readReply(request, state, candidate, reply, response)
      : relayReply(request, state, candidate, reply, response));
  } catch (error) {
    providerAbort.abort(error);
    if (!(error instanceof ApiError)) throw error;
    // A provider, or a proxy before it, that timed out has worked until then. Any other error status means no work.
    const ending: Ending = { kind: "timeout", error };
    const isTimeout = error.body.code === "provider_timeout";
    if (isTimeout) state.timedOut.push(endOf(request, state, ending));
    // Work that goes on after its request may have begun before the timeout, and a job before any failure.
    const hasBegun = isTimeout ? ask.remains === "work" : request.call.job && error.body.code === "provider_error";
    if (statusOf(error) > 0 && !hasBegun) state.stage = "refused";
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
    body: requireBody(response, readsEvents(reply)),
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
      const contentType = reply.kind === "bytes" && !reply.readsEvents ? contentTypeOf(response) : EVENT_STREAM;
      respond(request, state, body.readable, (reply.kind === "bytes" && reply.contentType) || contentType);
      return body;
    },
    settle: (_, ending, onSlow) => settle(endOf(request, state, ending), onSlow),
  });
}

function codecFor(reply: StreamReply | BytesReply, gate: OpenGate): { codec: Codec; pump: PumpAnswer | undefined } {
  if (reply.kind === "bytes") return { codec: reply.createCodec(), pump: undefined };
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
  respond(request, state, answer.conclude(settled), answer.contentType ?? "application/json");
}
