// The one way through the house: who → which → how much at most → reserve → may it → call → relay →
// settle. In this order, once.

import { ask, clock, limitsOf } from "./attempt.ts";
import type { Course, Granted } from "./attempt.ts";
import type { Candidate } from "./candidates.ts";
import { candidatesFor } from "./candidates.ts";
import type { Call, Caller } from "./call.ts";
import { openGates } from "../../features/moderation/gates.ts";
import { modelHeaders } from "../catalog/choose.ts";
import type { Catalog } from "../catalog/schema.ts";
import { catalogFor } from "../catalog/store.ts";
import { apiError, toApiError } from "../errors.ts";
import { admit } from "../quota/admission.ts";
import type { Settlement } from "../quota/settlement.ts";
import { createSettlement } from "../quota/settlement.ts";
import { emptyProgress } from "../relay/answer.ts";
import { createDeparture } from "../relay/departure.ts";
import type { Ending } from "../relay/watchdog.ts";
import { startWatchdog } from "../relay/watchdog.ts";
import { countInput } from "./provider.ts";
import { inTurn } from "./retry.ts";

/** Sends a call to its model under the caller's quota and relays the answer. Every refusal is thrown as an ApiError. */
export async function metered(caller: Caller, call: Call): Promise<Response> {
  const active = await catalogFor(caller.user, caller.env.CATALOG, Date.now(), caller.waitUntil);
  // What every answer says of itself, a refusal too; there is more of it the further it comes.
  const headers: Record<string, string> = { "weir-revision": active.revision };
  try {
    return await meteredUnder(active.catalog, caller, call, headers);
  } catch (thrown) {
    const error = toApiError(thrown);
    Object.assign(error.headers, headers, { "server-timing": caller.timing.toString() }, error.headers);
    throw error;
  }
}

async function meteredUnder(
  catalog: Catalog,
  caller: Caller,
  call: Call,
  headers: Record<string, string>,
): Promise<Response> {
  const { env, user } = caller;
  const startedAt = Date.now();
  caller.timing.mark("auth", startedAt);
  const { candidates, sunset } = candidatesFor(catalog, call.model, call.ways, startedAt);
  const [{ model, provider, exchange }] = candidates;
  Object.assign(headers, modelHeaders(model, sunset));

  // From here on the request is kept alive until it is settled, even when its caller leaves.
  const over = Promise.withResolvers<void>();
  caller.waitUntil(over.promise);
  try {
    const count = () => countInput(env, provider, exchange.count());
    const { key = crypto.randomUUID() } = call;
    const admitted = await admit({ env, user, catalog, candidates, key, count, waitUntil: caller.waitUntil });
    caller.timing.mark("quota", Date.now());
    const { lease } = admitted;
    const settle = createSettlement({ requestId: caller.requestId, lease, startedAt });
    const settleOnce: Settlement = (...how) => settle(...how).finally(over.resolve);
    return await send({ caller, call, catalog, admitted, headers, settle: settleOnce, over: over.resolve });
  } catch (error) {
    over.resolve();
    throw error;
  }
}

/** Asks until somebody answers. Until something is promised to the caller, every failure is thrown, settled. */
async function send(granted: Granted): Promise<Response> {
  const { caller, call, catalog, admitted, headers, settle } = granted;
  const [first] = admitted.candidates;
  const { timing } = catalog;
  const control = new AbortController();
  const leaveMs = first.model.fixed.on_leave === "finish" ? timing.leave_ms : 0;
  const departure = createDeparture(control, clock, leaveMs);
  const { outlives } = first.exchange;
  // What goes on without its caller is not ended by its leaving.
  if (outlives !== "request") caller.signal.addEventListener("abort", departure.leave, { once: true });
  // Who left before the provider was asked has nothing to be finished for.
  if (caller.signal.aborted) control.abort({ kind: "left" } satisfies Ending);
  // A whole answer sends nothing until it is complete, so only its total time is bounded.
  const deadlines = call.stream ? timing : { ...timing, first_byte_ms: timing.total_ms };
  const watchdog = startWatchdog(clock, deadlines, control);
  const moderations = [...first.model.moderations, admitted.plan.moderation];
  const beside = call.beside?.bind(undefined, { ...headers, ...limitsOf(admitted.lease.view, first) });
  const duty = { env: caller.env, catalog, moderations, requestId: caller.requestId, beside, clock };
  const course: Course = {
    control,
    departure,
    watchdog,
    answerer: first,
    asked: false,
    answered: false,
    progress: emptyProgress(),
  };
  const { signal } = control;
  try {
    const attempt = (candidate: Candidate, number: number) => {
      signal.throwIfAborted();
      headers["weir-attempts"] = String(number);
      return ask(granted, course, gates, candidate);
    };
    const gates = openGates(duty, first.exchange, control);
    await gates.ahead;
    const isFinal = () => signal.aborted || course.answered || (outlives === "request" && course.asked);
    return await inTurn(admitted.candidates, attempt, { isFinal, pause: (ms) => clock.wait(ms, signal) });
  } catch (thrown) {
    watchdog.stop();
    const ending: Ending = signal.aborted ? (signal.reason as Ending) : { kind: "failed", error: toApiError(thrown) };
    control.abort(ending);
    const error = "error" in ending ? ending.error : apiError("client_closed_request", "The caller left.");
    if (outlives === "request" && course.asked) {
      // Work may be going on, which nobody can name any more: its lease ends by itself, in full.
      granted.over();
      throw error;
    }
    // A caller who left may have cost the provider its work; a failure before any answer costs the caller nothing, nor does
    // an answer without tokens, or one that is withheld since nobody could judge it.
    const unpaid = error.body.code === "moderation_unavailable" || course.answerer.exchange.demand.free;
    const free = !course.asked || (ending.kind === "failed" && (unpaid || !course.answered));
    const { view } = await settle(course.answerer, course.progress, ending, free);
    Object.assign(error.headers, limitsOf(view, first));
    throw error;
  }
}
