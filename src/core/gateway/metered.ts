// The one way to a provider: resolve the model, bound, reserve, moderate, call, relay, settle. In this order, once.

import { apiError, toApiError, withHeaders } from "../errors.ts";
import { admit } from "../quota/admission.ts";
import type { Settlement } from "../quota/settlement.ts";
import { createSettlement } from "../quota/settlement.ts";
import { emptyProgress } from "../relay/answer.ts";
import { createDeparture } from "../relay/departure.ts";
import type { Ending } from "../relay/watchdog.ts";
import { startWatchdog } from "../relay/watchdog.ts";
import type { Course, Granted } from "./attempt.ts";
import { attempt, clock } from "./attempt.ts";
import type { Call, Caller } from "./call.ts";
import { candidatesFor } from "./candidates.ts";
import { endedBy, EVERYTHING_PASSES, openGate } from "./gate.ts";
import type { Report } from "./headers.ts";
import { toHeaders } from "./headers.ts";
import { countInput } from "./provider.ts";
import { tryInTurn } from "./retry.ts";

/** Sends a call to its model under the caller's quota and relays the answer. Every refusal is thrown as an ApiError. */
export async function metered(caller: Caller, call: Call): Promise<Response> {
  const report: Report = { revision: caller.revision };
  try {
    return await reserveAndSend(caller, call, report);
  } catch (thrown) {
    const headers = { ...toHeaders(report, Date.now()), "server-timing": caller.timing.toString() };
    throw withHeaders(toApiError(thrown), headers);
  }
}

async function reserveAndSend(caller: Caller, call: Call, report: Report): Promise<Response> {
  const { env, user, catalog, requestId, waitUntil } = caller;
  const startedAt = Date.now();
  caller.timing.mark("auth", startedAt);
  const { candidates, sunset } = candidatesFor(catalog, call.model, call.ways, startedAt);
  const [{ model, provider, exchange }] = candidates;
  Object.assign(report, { model, sunset });

  // From here on the request is kept alive until it is settled, even when its caller leaves.
  const released = Promise.withResolvers<void>();
  const release = released.resolve;
  waitUntil(released.promise);
  try {
    const count = () => countInput(env, provider, exchange.ask.count?.());
    const { key = crypto.randomUUID() } = call;
    const admitted = await admit({ env, user, catalog, candidates, key, count, waitUntil });
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

/** Asks the candidates until one answers. Until the caller is promised something, every failure is thrown, settled. */
async function send(granted: Granted): Promise<Response> {
  const { admitted, report, settle } = granted;
  const course = begin(granted);
  const { control } = course;
  const { signal } = control;
  const { outlives, readOnce } = admitted.candidates[0].exchange.ask;
  try {
    const ask = (candidate: (typeof admitted.candidates)[0], number: number) => {
      signal.throwIfAborted();
      report.attempts = number;
      return attempt(granted, course, candidate);
    };
    await openGateAndBeside(granted, course);
    const hasNotBegun = () => course.stage === "unsent" || (course.stage === "sent" && outlives !== "request");
    const isFinal = () => signal.aborted || readOnce === true || !hasNotBegun();
    return await tryInTurn(admitted.candidates, ask, { isFinal, pause: (ms) => clock.wait(ms, signal) });
  } catch (thrown) {
    course.watchdog.stop();
    const ending: Ending = signal.aborted ? (signal.reason as Ending) : { kind: "failed", error: toApiError(thrown) };
    control.abort(ending);
    const error = "error" in ending ? ending.error : apiError("client_closed_request", "The caller left.");
    if (outlives === "request" && course.stage !== "unsent") {
      // Work may be going on that nobody can name any more. Its lease ends by itself and is charged in full.
      granted.release();
      throw error;
    }
    const { answerer, stage, progress } = course;
    const { view } = await settle({ answerer, stage, ending, progress });
    report.view = view;
    throw error;
  }
}

/** Starts the deadlines and the watch on the caller. */
function begin({ caller, admitted }: Granted): Course {
  const { timing } = caller.catalog;
  const [first] = admitted.candidates;
  const { model, exchange } = first;
  const control = new AbortController();
  const departure = createDeparture(control, clock, model.fixed.on_leave === "finish" ? timing.leave_ms : 0);
  // Work that goes on without its caller is not ended by its leaving.
  if (exchange.ask.outlives !== "request") caller.signal.addEventListener("abort", departure.leave, { once: true });
  // For a caller who left before the provider was asked, nothing needs to be finished.
  if (caller.signal.aborted) control.abort({ kind: "left" } satisfies Ending);
  // An answer that is not streamed arrives when it is complete, so only its total time is bounded.
  const deadlines = exchange.reply.kind === "stream" ? timing : { ...timing, first_byte_ms: timing.total_ms };
  const watchdog = startWatchdog(clock, deadlines, control);
  const open = { gate: EVERYTHING_PASSES, ready: Promise.resolve() };
  return { control, departure, watchdog, ...open, answerer: first, stage: "unsent", progress: emptyProgress() };
}

/** Starts the work beside the answer and the moderation, and waits for what must be done before the provider is asked. */
async function openGateAndBeside({ caller, call, admitted, report }: Granted, course: Course): Promise<void> {
  const { env, catalog, requestId } = caller;
  const { control } = course;
  const [{ model, exchange }] = admitted.candidates;
  const known = toHeaders({ ...report, view: admitted.lease.view }, Date.now());
  const beside = call.beside && endedBy(call.beside(known, control.signal), control);
  const gate = openGate({ env, catalog, plan: admitted.plan, model, exchange, requestId, control, clock });
  const ready = Promise.all([beside, gate.input]).then(() => undefined);
  // It may be awaited late or never, when the provider fails first.
  ready.catch(() => undefined);
  Object.assign(course, { gate, ready });
  await gate.before;
}
