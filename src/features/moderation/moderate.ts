// A verdict under a policy: the classifier's on categories, and a judging model's on the app's own rules. Both are metered
// like every request; with rules the classifier runs beside the model.

import type { Policy } from "./catalog.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { catalogFor } from "../../core/catalog/store.ts";
import type { WholeAnswer } from "../../core/gateway/exchange.ts";
import type { ModerateRequest } from "./moderate-wire.ts";
import { isList, judgeWays, subjectsOf, toCategoryEvents, toDoneEvent, toVerdictObject } from "./moderate-wire.ts";
import type { ClassifierResult } from "./classifier-wire.ts";
import { askClassifier, classifierBody, readModeration, together } from "./classifier-wire.ts";
import type { Subject } from "../../dialects/openai/subject.ts";
import type { ErrorBody } from "../../core/errors.ts";
import { ApiError, apiError, toApiError, unknownName } from "../../core/errors.ts";
import { unavailable } from "./gatekeeper.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { metered } from "../../core/gateway/metered.ts";
import { rulesOf } from "./rules.ts";
import type { Verdict } from "./verdict.ts";
import { toVerdict, worst } from "./verdict.ts";
import { standingOf } from "../../core/quota/plan-and-usage.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import type { Settled } from "../../core/relay/codec.ts";
import { classify } from "./classifier.ts";

/** Texts of one list that are judged at the same time. */
const MOST_AT_ONCE = 4;

const encoder = new TextEncoder();
const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** Who wants to know, and by which policy it is judged. */
interface Question {
  caller: Caller;
  catalog: Catalog;
  policy: Policy;
}

/** Answers with a verdict on what is sent; a list gets a verdict for each, in order. Throws ApiErrors. */
export async function moderate(caller: Caller, request: ModerateRequest): Promise<Response> {
  const { catalog } = await catalogFor(caller.user, caller.env.CATALOG, Date.now(), caller.waitUntil);
  const policy = entry(catalog.policies, request.policy);
  if (!policy) throw unknownName("policy", request.policy, Object.keys(catalog.policies));
  if (isList(request) && request.stream) {
    throw apiError("unsupported_value", "Verdicts on a list are not streamed: leave 'stream' out.", {
      param: "stream",
    });
  }
  const question = { caller, catalog, policy };
  const subjects = subjectsOf(request);
  if (Object.keys(rulesOf(policy)).length === 0) return classifyOnly(question, request, subjects);
  const [subject] = subjects;
  if (subject && !isList(request)) return judge(question, subject, request.stream);
  return judgeEach(question, subjects);
}

/** A verdict on each, as far as there is one: what nobody could judge is for review. Throws when that is all of them. */
async function judgeEach(question: Question, subjects: Subject[]): Promise<Response> {
  const { caller, catalog } = question;
  const results: (Pick<Verdict, "action" | "flagged"> & { error?: ErrorBody })[] = [];
  const failures: unknown[] = [];
  let headers = new Headers();
  const open = subjects.entries();
  const judgeOn = async () => {
    for (const [at, subject] of open) {
      const verdict = unjudged();
      try {
        const answer = await judge(question, subject, false, verdict);
        ({ headers } = answer);
        results[at] = await answer.json();
      } catch (thrown) {
        if (caller.signal.aborted) throw thrown;
        failures.push(thrown);
        const { action, flagged } = verdict;
        results[at] = { action: worst([action, "review"]), flagged, error: toApiError(thrown).body };
      }
    }
  };
  // Some side by side; but a list does not take all of a user's running requests.
  const { plan } = await standingOf(caller, catalog);
  const most = Math.min(MOST_AT_ONCE, Math.ceil(plan.concurrent / 2));
  await Promise.all(Array.from({ length: most }, judgeOn));
  if (failures.length === subjects.length) throw failures[0];
  return Response.json(toListObject(results), { headers });
}

/** What stands until the classifier is back, and where it never comes. */
const unjudged = (): Verdict => ({ action: "review", flagged: false, categories: [] });

/**
 * Asks the judging model, with the classifier beside it, whose word is put into `verdict`. A stream begins as soon as the
 * classifier is back.
 */
async function judge(
  { caller, catalog, policy }: Question,
  subject: Subject,
  stream: boolean,
  verdict = unjudged(),
): Promise<Response> {
  const { promise: classified, resolve } = Promise.withResolvers<Record<string, string>>();
  const beside = async (headers: Record<string, string>, signal: AbortSignal) => {
    try {
      Object.assign(verdict, toVerdict(await classify(caller.env, catalog, policy, subject, signal), policy));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError && error.status < 500) throw error;
      if (policy.on_failure === "block") throw unavailable(error);
    }
    resolve(headers);
  };
  const ways = judgeWays(policy, subject, stream, () => verdict);
  const judged = metered(caller, { model: policy.judge, stream, ways, beside });
  if (!stream) return judged;
  // A judge who fails first is a status of its own.
  const headers = await Promise.race([classified, judged.then(() => classified)]);
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  // A caller who leaves ends the judge's answer, too; and one that is cut does not end as if it were whole.
  const told = tell(verdict, judged, writer).catch((reason: unknown) => writer.abort(reason));
  caller.waitUntil(told.catch(() => undefined));
  return new Response(readable, { headers: { ...headers, "content-type": EVENT_STREAM, "cache-control": "no-cache" } });
}

/** Writes the categories at once, then what the judge says. One who fails leaves a verdict, which is no yes. */
async function tell(verdict: Verdict, judged: Promise<Response>, writer: WritableStreamDefaultWriter<Uint8Array>) {
  const categories = toCategoryEvents(verdict);
  const told = categories === "" ? undefined : writer.write(encoder.encode(categories));
  told?.catch(() => undefined);
  const { body } = await judged.catch((thrown: unknown) => {
    const { body: error } = toApiError(thrown);
    return new Response(toDoneEvent(verdict, ["review"], { error }));
  });
  for await (const bytes of body ?? []) await writer.write(bytes);
  await writer.close();
}

/** Asks the classifier alone: a request, and no tokens. */
async function classifyOnly({ caller, catalog, policy }: Question, request: ModerateRequest, subjects: Subject[]) {
  const [{ text, images } = { text: "", images: [] }] = subjects;
  // It takes one image at a time: the others are judged beside.
  const asked = images.length > 1 ? [{ text, images: images.slice(0, 1) }] : subjects;
  const others: ClassifierResult[] = [];
  const beside = async (_: unknown, signal: AbortSignal) => {
    if (asked === subjects) return;
    others.push(await classify(caller.env, catalog, policy, { text: "", images: images.slice(1) }, signal));
  };
  const read = (answer: string): WholeAnswer => {
    const results = readModeration(answer, asked.length);
    const progress = emptyProgress();
    const conclude = (settled: Settled) => {
      if (isList(request)) return JSON.stringify(toListObject(results.map((each) => toVerdict(each, policy))));
      const verdict = toVerdict(together([...results, ...others]), policy);
      const whole = toVerdictObject(verdict, undefined, progress, settled);
      if (!request.stream) return JSON.stringify(whole);
      const { usage, left } = whole;
      return toCategoryEvents(verdict) + toDoneEvent(verdict, [], { usage, left });
    };
    return { progress, said: "", conclude };
  };
  const ways = [askClassifier("policy", (model) => classifierBody(model, asked), read)];
  const response = await metered(caller, { model: policy.classifier, stream: false, ways, beside });
  if (request.stream) response.headers.set("content-type", EVENT_STREAM);
  return response;
}

function toListObject(results: Pick<Verdict, "action" | "flagged">[]) {
  const action = worst(results.map((result) => result.action));
  return { action, flagged: results.some(({ flagged }) => flagged), results };
}
