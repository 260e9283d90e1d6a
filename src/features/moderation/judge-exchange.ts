// The exchange with the judge model, which applies a policy's rules to a subject.

import { InternalError } from "../../core/errors.ts";
import type { Ask, Exchange, Reply, Subject, Way } from "../../core/gateway/exchange.ts";
import type { CreateEventCodec, Settled } from "../../core/relay/codec.ts";
import type { SlimReply } from "../slim-chat/exchange.ts";
import { slimWays } from "../slim-chat/exchange.ts";
import type { SlimRequest } from "../slim-chat/request.ts";
import type { SlimAnswer } from "../slim-chat/whole-answer.ts";
import type { Policy } from "./catalog.ts";
import { createRuleReader, VERDICT_FORMAT, toJudgeRequest } from "./rules.ts";
import type { Verdict } from "./verdict.ts";
import { toVerdictObject, verdictEvents } from "./verdict-wire.ts";

/** The longest wait for the judge of a chat, which usually answers within a few seconds. */
const CHAT_JUDGE_TIMEOUT_MS = 30_000;

/**
 * Returns the request to the judge model in each possible dialect. `classified` returns the classifier's verdict so
 * far.
 */
export function judgeWays(policy: Policy, subject: Subject, stream: boolean, classified: () => Verdict): Way[] {
  const request = toJudgeRequest(policy, subject, stream);
  return toWays(request, (reply) => verdictReply(policy, reply, classified));
}

/**
 * Returns a chat's request to the judge model, which counts as `requests`. Only `take` receives the judge's answer.
 */
export function chatJudgeWays(
  policy: Policy,
  subject: Subject,
  requests: number,
  take: (answer: SlimAnswer) => void,
): Way[] {
  return toWays(
    toJudgeRequest(policy, subject, false),
    (reply) => {
      if (reply.kind === "stream") throw new InternalError("the judge of a chat does not stream");
      const read = (text: string) => {
        const answer = reply.read(text);
        take(answer);
        return { ...answer, conclude: () => "" };
      };
      return { kind: "json", read };
    },
    ({ demand }) => ({ maxMs: CHAT_JUDGE_TIMEOUT_MS, demand: { ...demand, requests } }),
  );
}

function toWays(
  request: SlimRequest,
  toReply: (reply: SlimReply) => Reply,
  changed: (ask: Ask) => Partial<Ask> = () => ({}),
): Way[] {
  return slimWays(request, VERDICT_FORMAT).map((way) => ({
    endpoint: way.endpoint,
    prepare(model): Exchange {
      // The judge receives the alias's effort. It does not receive the alias's instructions or limits.
      const { effort } = model.fixed;
      const { ask, reply } = way.prepare({ ...model, fixed: { effort } });
      // Weir consumes the answer, so it is not moderated. The plan need not include the policy's judge.
      return { ask: { ...ask, subject: undefined, chosenByCatalog: true, ...changed(ask) }, reply: toReply(reply) };
    },
  }));
}

function verdictReply(policy: Policy, reply: SlimReply, classified: () => Verdict): Reply {
  if (reply.kind === "stream") {
    const { dialect } = reply;
    const events: CreateEventCodec = (...given) => verdictEvents(createRuleReader(policy), classified)(...given);
    return { kind: "stream", dialect, events };
  }
  return {
    kind: "json",
    read(text) {
      const answer = reply.read(text);
      const rules = createRuleReader(policy);
      rules.push(answer.text);
      const conclude = (settled: Settled) =>
        JSON.stringify(toVerdictObject(classified(), rules, answer.progress, settled));
      return { ...answer, conclude };
    },
  };
}
