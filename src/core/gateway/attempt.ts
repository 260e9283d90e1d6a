// One attempt of a metered request: one provider is asked, and what it begins to say becomes the answer.

import type { Candidate } from "./candidates.ts";
import type { Catalog } from "../catalog/schema.ts";
import { ENDPOINTS } from "../catalog/endpoints.ts";
import type { Call, Caller } from "./call.ts";
import { ApiError } from "../errors.ts";
import type { Gates } from "../../features/moderation/gates.ts";
import type { Admitted } from "../quota/admission.ts";
import { rateLimitHeaders } from "../quota/rate-limit.ts";
import type { Settlement } from "../quota/settlement.ts";
import type { View } from "../quota/view.ts";
import type { Progress } from "../relay/answer.ts";
import { emptyProgress } from "../relay/answer.ts";
import type { Departure } from "../relay/departure.ts";
import { afterLastRead } from "../relay/departure.ts";
import { toStreamError } from "../relay/failure.ts";
import { startRelay } from "../relay/relay.ts";
import type { Clock, Watchdog } from "../relay/watchdog.ts";
import { statusOf } from "./provider-error.ts";
import { callProvider, isEventStream, passedHeaders, readWhole, requireBody } from "./provider.ts";

export const clock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => scheduler.wait(ms, { signal }).catch(() => undefined),
};

/** A request that has its reservation. */
export interface Granted {
  caller: Caller;
  call: Call;
  catalog: Catalog;
  admitted: Admitted<Candidate>;
  headers: Record<string, string>;
  settle: Settlement;
  /** Called when nothing is left to be done but what was settled, or is left to another request. */
  over: () => void;
}

/** What happens to a request from its reservation on. */
export interface Course {
  control: AbortController;
  departure: Departure;
  watchdog: Watchdog;
  /** Who was asked last. */
  answerer: Candidate;
  /** Whether the provider has been asked, and whether it has begun to answer in a way that it will bill. */
  asked: boolean;
  answered: boolean;
  /** What is known of an answer before it is relayed. */
  progress: Progress;
}

/** Asks one provider, and answers with what it begins to say. Throws before anything is promised to the caller. */
export async function ask(granted: Granted, course: Course, gates: Gates, candidate: Candidate): Promise<Response> {
  const { caller, call, catalog, admitted, headers, settle } = granted;
  const { control, departure, watchdog } = course;
  const { model, provider, exchange } = candidate;
  const { timing } = caller;
  const output = admitted.grantedTo(candidate);
  headers["weir-model"] = model.snapshot;
  headers["weir-max-output-tokens"] = String(output);
  const body = exchange.write(output);
  course.answerer = candidate;
  course.asked = true;
  course.progress = emptyProgress();
  const upstream = new AbortController();
  afterLastRead(control.signal, clock, () => upstream.abort(control.signal.reason));
  try {
    const path = exchange.path ?? ENDPOINTS[exchange.endpoint].path;
    const response = await callProvider(caller.env, provider, { path, body }, upstream.signal);
    timing.mark("provider", Date.now());
    Object.assign(headers, passedHeaders(response));
    course.answered = !isEventStream(response);
    const respond = (body: BodyInit, type: string, view: View) => {
      const all = { ...headers, ...limitsOf(view, candidate), "server-timing": timing.toString() };
      return new Response(body, { headers: { ...all, "content-type": type, "cache-control": "no-cache" } });
    };
    if (call.stream) {
      const { codec, gate } = gates.stream(exchange);
      course.progress = codec.progress;
      const stream = await startRelay({
        body: requireBody(response),
        codec,
        gate,
        ready: gates.input,
        control,
        watchdog,
        clock,
        coalesceMs: catalog.timing.coalesce_ms,
        departure,
        settle: (progress, ending) => settle(candidate, progress, ending),
      });
      timing.mark("relay", Date.now());
      return respond(stream, "text/event-stream; charset=utf-8", admitted.lease.view);
    }
    const text = await readWhole(response);
    const answer = exchange.read(text);
    timing.mark("relay", Date.now());
    watchdog.stop();
    course.progress = answer.progress;
    await gates.input;
    await gates.requireAllowed(exchange.words(text));
    if (answer.goesOn !== undefined) {
      granted.over();
      return respond(answer.goesOn, "application/json", admitted.lease.view);
    }
    if (answer.progress.error) throw toStreamError(answer.progress.error);
    const settled = await settle(candidate, answer.progress, { kind: "finished" });
    return respond(answer.conclude(settled), "application/json", settled.view);
  } catch (error) {
    upstream.abort(error);
    if (error instanceof ApiError) {
      // A provider who says no has done no work.
      if (statusOf(error) > 0) course.asked = false;
      const { body } = error;
      if (body.param && exchange.fieldOf) body.param = exchange.fieldOf(body.param);
    }
    throw error;
  }
}

/** What the user's windows have left, in headers. */
export const limitsOf = (view: View, { model }: Candidate) => rateLimitHeaders(view, Date.now(), model.id);
