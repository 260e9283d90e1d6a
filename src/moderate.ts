// A verdict under a policy: the classifier's on categories, and a judging model's on the app's own rules. Both are metered
// like every request; with rules the classifier runs beside the model.

import type { Policy } from "./catalog/policy.ts";
import type { Catalog } from "./catalog/schema.ts";
import { entry } from "./catalog/schema.ts";
import { catalogFor } from "./catalog/store.ts";
import type { Way } from "./endpoints/exchange.ts";
import type { ModerateRequest } from "./endpoints/moderate.ts";
import { isList, judgeWays, subjectsOf, toCategoryEvents, toVerdictObject } from "./endpoints/moderate.ts";
import { classifierBody, readModeration } from "./endpoints/moderations.ts";
import { PLAIN } from "./endpoints/plain.ts";
import type { Subject } from "./endpoints/subject.ts";
import { ApiError, apiError } from "./errors.ts";
import { unavailable } from "./metering/gatekeeper.ts";
import type { Caller } from "./metering/call.ts";
import { metered } from "./metered.ts";
import { rulesOf } from "./moderation/rules.ts";
import type { Verdict } from "./moderation/verdict.ts";
import { toVerdict, worst } from "./moderation/verdict.ts";
import { emptyProgress } from "./stream/answer.ts";
import { toEvent } from "./stream/slim.ts";
import { classify } from "./upstream/classify.ts";

const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** Answers with a verdict on what is sent; a list gets a verdict for each, in order. Throws ApiErrors. */
export async function moderate(caller: Caller, request: ModerateRequest): Promise<Response> {
  const { catalog } = await catalogFor(caller.user, caller.env.CATALOG, Date.now(), caller.waitUntil);
  const policy = entry(catalog.policies, request.policy);
  if (!policy) {
    const message = `There is no policy '${request.policy}'. There is: ${Object.keys(catalog.policies).join(", ")}.`;
    throw apiError("invalid_request", message, { param: "policy" });
  }
  if (isList(request) && request.stream) {
    throw apiError("unsupported_value", "Verdicts on a list are not streamed: leave 'stream' out.", {
      param: "stream",
    });
  }
  const subjects = subjectsOf(request);
  if (Object.keys(rulesOf(policy)).length === 0) return classifyOnly(caller, policy, request, subjects);
  const [subject] = subjects;
  if (subject && !isList(request)) return judge(caller, catalog, policy, subject, request.stream);
  const answers: Response[] = [];
  // One after the other, lest a list takes all of a user's running requests.
  for (const each of subjects) answers.push(await judge(caller, catalog, policy, each, false));
  const results = await Promise.all(answers.map((answer) => answer.json<Verdict>()));
  return Response.json(toListObject(results), { headers: new Headers(answers.at(-1)?.headers) });
}

/** Asks the judging model, with the classifier beside it. */
function judge(caller: Caller, catalog: Catalog, policy: Policy, subject: Subject, stream: boolean) {
  let verdict: Verdict = { action: "review", flagged: false, categories: [] };
  const beside = async (signal: AbortSignal) => {
    try {
      verdict = toVerdict(await classify(caller.env, catalog, policy, subject, signal), policy);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError && error.status < 500) throw error;
      if (policy.on_failure === "block") throw unavailable(error);
      verdict = { action: "review", flagged: false, categories: [] };
    }
  };
  return metered(caller, {
    model: policy.judge,
    stream,
    ways: judgeWays(policy, subject, stream, () => verdict),
    beside,
  });
}

/** Asks the classifier alone: a request, and no tokens. */
async function classifyOnly(caller: Caller, policy: Policy, request: ModerateRequest, subjects: Subject[]) {
  const endpoint = "moderation";
  const way: Way = {
    endpoint,
    prepare: (model) => ({
      ...PLAIN,
      endpoint,
      needs: [{ kind: "endpoint", endpoint, param: "policy" }],
      demand: { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, free: true },
      write: () => classifierBody(model.snapshot, subjects),
      read(text) {
        const verdicts = readModeration(text, subjects.length).map((result) => toVerdict(result, policy));
        const [verdict] = verdicts;
        const progress = emptyProgress();
        return {
          progress,
          said: "",
          conclude(settled) {
            if (isList(request) || !verdict) return JSON.stringify(toListObject(verdicts));
            const whole = toVerdictObject(verdict, undefined, progress, settled);
            if (!request.stream) return JSON.stringify(whole);
            const { categories: _, rules: __, ...done } = whole;
            return toCategoryEvents(verdict) + toEvent("done", done);
          },
        };
      },
    }),
  };
  const response = await metered(caller, { model: policy.classifier, stream: false, ways: [way] });
  if (request.stream) response.headers.set("content-type", EVENT_STREAM);
  return response;
}

function toListObject(results: Pick<Verdict, "action" | "flagged">[]) {
  const action = worst(results.map((result) => result.action));
  return { action, flagged: results.some(({ flagged }) => flagged), results };
}
