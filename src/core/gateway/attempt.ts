// One attempt: asks one provider, and makes what it begins to answer the response for the caller.

import { ENDPOINTS } from "../catalog/endpoints.ts";
import { ApiError, withParam } from "../errors.ts";
import type { Admitted } from "../quota/admission.ts";
import type { Stage } from "../quota/ending-cost.ts";
import type { Settlement } from "../quota/settlement.ts";
import type { Progress } from "../relay/answer.ts";
import { emptyProgress } from "../relay/answer.ts";
import { createBytesCodec } from "../relay/bytes-codec.ts";
import type { Codec } from "../relay/codec.ts";
import type { Departure } from "../relay/departure.ts";
import { afterLastRead } from "../relay/departure.ts";
import { createDecodingCodec } from "../relay/event-codec.ts";
import { toStreamError } from "../relay/failure.ts";
import type { Pump } from "../relay/pump.ts";
import { startRelay } from "../relay/relay.ts";
import type { Clock, Watchdog } from "../relay/watchdog.ts";
import type { Call, Caller } from "./call.ts";
import type { Candidate } from "./candidates.ts";
import type { BytesReply, JsonReply, StreamReply } from "./exchange.ts";
import type { OpenGate } from "./gate.ts";
import type { Report } from "./headers.ts";
import { toHeaders } from "./headers.ts";
import { statusOf } from "./provider-error.ts";
import { callProvider, contentTypeOf, isEventStream, passedHeaders, readWhole, requireBody } from "./provider.ts";

export const clock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => scheduler.wait(ms, { signal }).catch(() => undefined),
};

/** A request that has its reservation. */
export interface Granted {
  caller: Caller;
  call: Call;
  admitted: Admitted<Candidate>;
  report: Report;
  settle: Settlement;
  /** Called when the request is settled, or is left to another request to settle. */
  release: () => void;
}

/** The state of a request from its reservation to its end. */
export interface Course {
  control: AbortController;
  departure: Departure;
  watchdog: Watchdog;
  gate: OpenGate;
  /** Done before the caller is promised anything: the gate's input, and the work beside the answer. */
  ready: Promise<void>;
  /** The candidate that was asked last. */
  answerer: Candidate;
  stage: Stage;
  /** What is known of an answer before it is relayed. */
  progress: Progress;
}

/** Asks one provider, and answers with what it begins to say. Throws before the caller is promised anything. */
export async function attempt(granted: Granted, course: Course, candidate: Candidate): Promise<Response> {
  const { caller, admitted, report } = granted;
  const { ask, reply } = candidate.exchange;
  const maxOutputTokens = admitted.grantedTo(candidate);
  Object.assign(report, { model: candidate.model, maxOutputTokens });
  const sent = ask.write({ maxOutputTokens });
  Object.assign(course, { answerer: candidate, stage: "sent", progress: emptyProgress() });
  const upstream = new AbortController();
  afterLastRead(course.control.signal, clock, () => upstream.abort(course.control.signal.reason));
  try {
    const path = ask.path ?? ENDPOINTS[ask.endpoint].path;
    const response = await callProvider(caller.env, candidate.provider, { path, ...sent }, upstream.signal);
    caller.timing.mark("provider", Date.now());
    report.passed = passedHeaders(response);
    // A stream has not begun before its first event.
    if (!isEventStream(response)) course.stage = "answering";
    return await (reply.kind === "json"
      ? readReply(granted, course, candidate, reply, response)
      : relayReply(granted, course, candidate, reply, response));
  } catch (error) {
    upstream.abort(error);
    if (!(error instanceof ApiError)) throw error;
    // A provider that refuses has done no work.
    if (statusOf(error) > 0) course.stage = "unsent";
    const { param } = error.body;
    throw param && ask.callerField ? withParam(error, ask.callerField(param)) : error;
  }
}

async function relayReply(
  granted: Granted,
  course: Course,
  candidate: Candidate,
  reply: StreamReply | BytesReply,
  response: Response,
): Promise<Response> {
  const { caller, admitted, settle } = granted;
  const { control, departure, watchdog, ready } = course;
  const { codec, pump } = formatOf(reply, course.gate);
  course.progress = codec.progress;
  const body = await startRelay({
    body: requireBody(response, reply.kind),
    codec,
    pump,
    ready,
    control,
    watchdog,
    clock,
    coalesceMs: caller.catalog.timing.coalesce_ms,
    departure,
    settle: (progress, ending) => settle({ answerer: candidate, stage: "relayed", ending, progress }),
  });
  caller.timing.mark("relay", Date.now());
  granted.report.view = admitted.lease.view;
  return respond(granted, body, reply.kind === "stream" ? "text/event-stream; charset=utf-8" : contentTypeOf(response));
}

function formatOf(reply: StreamReply | BytesReply, gate: OpenGate): { codec: Codec; pump: Pump | undefined } {
  if (reply.kind === "bytes") return { codec: createBytesCodec(reply.usageIn), pump: undefined };
  const gated = gate.stream(reply);
  if (gated) return gated;
  return { codec: reply.passThrough?.() ?? createDecodingCodec(reply.dialect, reply.events), pump: undefined };
}

async function readReply(
  granted: Granted,
  course: Course,
  candidate: Candidate,
  reply: JsonReply,
  response: Response,
): Promise<Response> {
  const { caller, admitted, report, settle } = granted;
  const answer = reply.read(await readWhole(response));
  caller.timing.mark("relay", Date.now());
  course.watchdog.stop();
  const { progress } = answer;
  course.progress = progress;
  await course.ready;
  await course.gate.requireAllowed(answer.words);
  if (answer.settlesLater) {
    granted.release();
    const { view } = admitted.lease;
    report.view = view;
    return respond(granted, answer.conclude({ left: {}, usd: 0 }), "application/json");
  }
  if (progress.error) throw toStreamError(progress.error);
  const settled = await settle({ answerer: candidate, stage: course.stage, ending: { kind: "finished" }, progress });
  report.view = settled.view;
  return respond(granted, answer.conclude(settled), "application/json");
}

function respond({ caller, report }: Granted, body: BodyInit, contentType: string): Response {
  const headers = { ...toHeaders(report, Date.now()), "server-timing": caller.timing.toString() };
  return new Response(body, { headers: { ...headers, "content-type": contentType, "cache-control": "no-cache" } });
}
