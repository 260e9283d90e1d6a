// The state of a metered request: its deadlines, its response and its end.

import type { Admitted } from "../quota/admission.ts";
import type { Stage } from "../quota/ending-cost.ts";
import type { RequestEnd, Settlement } from "../quota/settlement.ts";
import type { Progress } from "../relay/answer.ts";
import { emptyProgress } from "../relay/answer.ts";
import type { Disconnect } from "../relay/disconnect.ts";
import { createDisconnect } from "../relay/disconnect.ts";
import type { StreamBody } from "../relay/stream-body.ts";
import { createStreamBody } from "../relay/stream-body.ts";
import type { Clock, Deadlines, Ending, Watchdog } from "../relay/watchdog.ts";
import { startWatchdog } from "../relay/watchdog.ts";
import type { Call, Caller } from "./call.ts";
import type { Candidate } from "./candidates.ts";
import { countInputOf } from "./candidates.ts";
import { readsEvents } from "./exchange.ts";
import type { OpenGate } from "./gate.ts";
import { NO_MODERATION } from "./gate.ts";
import type { Report } from "./headers.ts";
import { toFinalHeaders } from "./headers.ts";

export const clock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
    }),
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

/** Starts the deadlines and listens for the caller's disconnect. */
export function createState(request: AdmittedRequest): RequestState {
  const { caller, admitted } = request;
  const [first] = admitted.candidates;
  const { exchange } = first;
  const { timing: configured } = caller.catalog;
  const timing = { ...configured, total_ms: Math.min(configured.total_ms, exchange.ask.maxMs ?? Infinity) };
  const control = new AbortController();
  let body: StreamBody | undefined;
  const disconnect = createDisconnect(control, clock, () => leaveMsOf(state, timing.leave_ms));
  // Phones give up when they hear nothing, so a long wait starts the response. Only event streams have comments.
  const sendKeepAlive = () => {
    // A codec of bytes may have sent a part of an event, which a comment would break.
    if (reply.kind === "bytes" && state.stage === "relayed") return;
    const opened = state.openBody();
    respond(request, state, opened.readable, EVENT_STREAM);
    opened.keepAlive();
  };
  const { reply } = exchange;
  const isEventStream = readsEvents(reply) && !(reply.kind === "bytes" && reply.contentType);
  const keepAlive = isEventStream ? sendKeepAlive : undefined;
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
    openBody: () => (body ??= createStreamBody(disconnect, caller.readsAlways)),
  };
  // Work that continues at the provider after the request ignores the caller's disconnect.
  if (exchange.ask.remains !== "work") caller.signal.addEventListener("abort", disconnect.markLeft, { once: true });
  // The caller disconnected before the provider was called, so there is no answer to finish.
  if (caller.signal.aborted) control.abort({ kind: "left" } satisfies Ending);
  return state;
}

function deadlinesOf(timing: Deadlines, { model, exchange }: Candidate): Deadlines {
  // An answer that is not streamed, or that the provider generates whole, comes late: only the total deadline applies.
  if (!readsEvents(exchange.reply) || exchange.ask.demand.fixedOutput?.isChargedWhole)
    return { ...timing, first_byte_ms: timing.total_ms };
  const thinkingMs = model.card.reasoning?.max_thinking_ms ?? 0;
  return { ...timing, first_byte_ms: Math.max(timing.first_byte_ms, thinkingMs) };
}

/**
 * Returns how long a provider may still work after the caller has left. By default 0, unless that costs only time: only
 * the usage is missing, the cost is fixed, or the answer is not streamed, which providers finish in any case.
 */
function leaveMsOf({ lastCandidate: { model, exchange }, progress, stage }: RequestState, leaveMs: number): number {
  const onlyUsageIsMissing = progress.finish !== undefined && !progress.usage && !progress.ended;
  const isFixed = exchange.ask.demand.fixedOutput?.isChargedWhole === true;
  const isPaid = onlyUsageIsMissing || ((isFixed || !readsEvents(exchange.reply)) && stage !== "unsent");
  const { on_leave = isPaid ? "finish" : "cancel" } = model.fixed;
  return on_leave === "finish" ? leaveMs : 0;
}

export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** The output tokens that were granted to all choices of a candidate together. */
export const grantedOutput = ({ admitted }: AdmittedRequest, candidate: Candidate) =>
  admitted.grantedTo(candidate) * candidate.exchange.ask.demand.choices;

/** Returns how the request ended, with the work that its last candidate may have done by now, or `aheadMs` later. */
export function endOf(request: AdmittedRequest, state: RequestState, ending: Ending, aheadMs = 0): RequestEnd {
  const { lastCandidate, stage, progress, otherRequests, sentAt, timedOut } = state;
  const work = { elapsedMs: clock.now() + aheadMs - sentAt, grantedOutput: grantedOutput(request, lastCandidate) };
  const count = () => countInputOf(request.caller.env, lastCandidate);
  return { lastCandidate, stage, ending, progress, otherRequests, work, timedOut: [...timedOut], count };
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
