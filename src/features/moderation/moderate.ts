// POST /moderate: the classifier's verdict on categories and the judge model's on rules.
// Both calls are metered. A policy with rules runs the classifier in parallel with the judge.

import { entry } from "../../core/catalog/schema.ts";
import type { ErrorBody } from "../../core/errors.ts";
import { ApiError, apiError, toApiError, unknownName } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import type { Subject, WholeAnswer } from "../../core/gateway/exchange.ts";
import { metered } from "../../core/gateway/metered.ts";
import { planAndUsage } from "../../core/quota/plan-and-usage.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import type { Settled } from "../../core/relay/codec.ts";
import type { Policy } from "./catalog.ts";
import { policiesOf } from "./catalog.ts";
import type { ClassifierResult } from "./classifier-body.ts";
import {
  classifierBody,
  classifierRequests,
  classifierWay,
  readClassifierResults,
  worstResult,
} from "./classifier-body.ts";
import { classify } from "./classifier.ts";
import { moderationUnavailable } from "./gatekeeper.ts";
import { judgeWays } from "./judge-exchange.ts";
import type { ModerateRequest } from "./moderate-request.ts";
import { isTextList, subjectsOf } from "./moderate-request.ts";
import { rulesOf } from "./rules.ts";
import type { Verdict } from "./verdict.ts";
import { toVerdict, worstAction } from "./verdict.ts";
import { toCategoryEvents, toDoneEvent, toVerdictObject } from "./verdict-wire.ts";

/** Texts of one list that are judged concurrently. */
const MAX_PARALLEL = 4;

const encoder = new TextEncoder();
const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** The caller of /moderate, and the policy of the verdicts. */
interface Question {
  caller: Caller;
  policy: Policy;
}

/** Answers with a verdict on the input. A list gets one verdict for each entry, in order. Throws an ApiError. */
export async function moderate(caller: Caller, request: ModerateRequest): Promise<Response> {
  const policies = policiesOf(caller.catalog);
  const policy = entry(policies, request.policy);
  if (!policy) throw unknownName("policy", request.policy, Object.keys(policies));
  if (isTextList(request) && request.stream) {
    const message = "Verdicts on a list cannot be streamed. Leave 'stream' out.";
    throw apiError("unsupported_value", message, { param: "stream" });
  }
  const question = { caller, policy };
  const subjects = subjectsOf(request);
  if (Object.keys(rulesOf(policy)).length === 0) return classifyOnly(question, request, subjects);
  const [subject] = subjects;
  if (subject && !isTextList(request)) return judge(question, subject, request.stream);
  return judgeEach(question, subjects);
}

/** Judges each subject. One that fails gets `review` and its error. Throws the first error when all subjects fail. */
async function judgeEach(question: Question, subjects: Subject[]): Promise<Response> {
  const { caller } = question;
  const results: (Pick<Verdict, "action" | "flagged"> & { error?: ErrorBody })[] = [];
  const failures: unknown[] = [];
  let headers = new Headers();
  const open = subjects.entries();
  const judgeNext = async () => {
    for (const [at, subject] of open) {
      const verdict = notYetClassified();
      try {
        const answer = await judge(question, subject, false, verdict);
        ({ headers } = answer);
        results[at] = await answer.json();
      } catch (thrown) {
        if (caller.signal.aborted) throw thrown;
        failures.push(thrown);
        const { action, flagged } = verdict;
        results[at] = { action: worstAction([action, "review"]), flagged, error: toApiError(thrown).body };
      }
    }
  };
  // A list takes at most half of the user's concurrent requests.
  const { plan } = await planAndUsage(caller);
  const parallel = Math.min(MAX_PARALLEL, Math.ceil(plan.concurrent / 2));
  await Promise.all(Array.from({ length: parallel }, judgeNext));
  if (failures.length === subjects.length) throw failures[0];
  return Response.json(toListObject(results), { headers });
}

/** The verdict while the classifier has not answered, or after it has failed. */
const notYetClassified = (): Verdict => ({ action: "review", flagged: false, categories: [] });

/**
 * Calls the judge in parallel with the classifier, whose result is written into `verdict`. A stream begins as soon as
 * the classifier has answered.
 */
async function judge(
  { caller, policy }: Question,
  subject: Subject,
  stream: boolean,
  verdict = notYetClassified(),
): Promise<Response> {
  const { promise: classified, resolve } = Promise.withResolvers<Record<string, string>>();
  const concurrentWork = async (headers: Record<string, string>, signal: AbortSignal) => {
    try {
      const result = await classify(caller.env, caller.catalog, policy, subject, signal);
      Object.assign(verdict, toVerdict(result, policy));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError && error.status < 500) throw error;
      if (policy.on_failure === "block") return moderationUnavailable(error);
    }
    resolve(headers);
    return undefined;
  };
  const ways = judgeWays(policy, subject, stream, () => verdict);
  const call = { model: policy.judge, ways, concurrentWork, concurrentRequests: classifierRequests(subject) };
  const judged = metered(caller, call);
  if (!stream) return judged;
  // If the judge fails before the classifier has answered, the response is the judge's error with its status.
  const headers = await Promise.race([classified, judged.then(() => classified)]);
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  // A caller who disconnects also ends the judge's answer. A truncated verdict aborts the stream instead of closing it.
  const written = writeVerdict(verdict, judged, writer).catch((reason: unknown) => writer.abort(reason));
  caller.waitUntil(written.catch(() => undefined));
  return new Response(readable, { headers: { ...headers, "content-type": EVENT_STREAM, "cache-control": "no-cache" } });
}

/** Writes the categories at once, then the judge's events. If the judge fails, the verdict is at least `review`. */
async function writeVerdict(
  verdict: Verdict,
  judged: Promise<Response>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const categories = toCategoryEvents(verdict);
  const first = categories === "" ? undefined : writer.write(encoder.encode(categories));
  first?.catch(() => undefined);
  const { body } = await judged.catch((thrown: unknown) => {
    const { body: error } = toApiError(thrown);
    return new Response(toDoneEvent(verdict, ["review"], { error }));
  });
  for await (const bytes of body ?? []) await writer.write(bytes);
  await writer.close();
}

/** Calls only the classifier, which costs a request and no tokens. */
async function classifyOnly({ caller, policy }: Question, request: ModerateRequest, subjects: Subject[]) {
  const [{ text, images } = { text: "", images: [] }] = subjects;
  // The classifier takes one image per request: the others are classified in parallel.
  const meteredSubjects = images.length > 1 ? [{ text, images: images.slice(0, 1) }] : subjects;
  const otherImages = images.slice(1);
  const others: ClassifierResult[] = [];
  const concurrentWork = async (_: unknown, signal: AbortSignal) => {
    if (meteredSubjects === subjects) return undefined;
    others.push(await classify(caller.env, caller.catalog, policy, { text: "", images: otherImages }, signal));
    return undefined;
  };
  const read = (answer: string): WholeAnswer => {
    const results = readClassifierResults(answer, meteredSubjects.length);
    const progress = emptyProgress();
    const conclude = (settled: Settled) => {
      if (isTextList(request)) return JSON.stringify(toListObject(results.map((each) => toVerdict(each, policy))));
      const verdict = toVerdict(worstResult([...results, ...others]), policy);
      const whole = toVerdictObject(verdict, undefined, progress, settled);
      if (!request.stream) return JSON.stringify(whole);
      const { usage, left } = whole;
      return toCategoryEvents(verdict) + toDoneEvent(verdict, [], { usage, left });
    };
    return { progress, allText: () => "", conclude };
  };
  const requests = isTextList(request) ? subjects.length : Math.max(1, ...meteredSubjects.map(classifierRequests));
  const ways = [classifierWay("policy", requests, (model) => classifierBody(model, meteredSubjects), read)];
  const concurrentRequests = otherImages.length;
  const response = await metered(caller, { model: policy.classifier, ways, concurrentWork, concurrentRequests });
  if (request.stream) response.headers.set("content-type", EVENT_STREAM);
  return response;
}

function toListObject(results: Pick<Verdict, "action" | "flagged">[]) {
  const action = worstAction(results.map((result) => result.action));
  return { action, flagged: results.some(({ flagged }) => flagged), results };
}
