// The exchange with the judge model, which applies a policy's rules to a subject.

import type { Exchange, Reply, Subject, Way } from "../../core/gateway/exchange.ts";
import type { CreateEventCodec, Settled } from "../../core/relay/codec.ts";
import type { SlimReply } from "../slim-chat/exchange.ts";
import { slimWays } from "../slim-chat/exchange.ts";
import type { Policy } from "./catalog.ts";
import { createRuleReader, VERDICT_FORMAT, toJudgeRequest } from "./rules.ts";
import type { Verdict } from "./verdict.ts";
import { toVerdictObject, verdictEvents } from "./verdict-wire.ts";

/**
 * Returns the request to the judge model in each possible dialect. `classified` returns the classifier's verdict so
 * far.
 */
export function judgeWays(policy: Policy, subject: Subject, stream: boolean, classified: () => Verdict): Way[] {
  return slimWays(toJudgeRequest(policy, subject, stream), VERDICT_FORMAT).map((way) => ({
    endpoint: way.endpoint,
    prepare(model): Exchange {
      // The judge receives the alias's effort. It does not receive the alias's instructions or limits.
      const { effort } = model.fixed;
      const { ask, reply } = way.prepare({ ...model, fixed: { effort } });
      return {
        // Weir consumes the answer, so it is not moderated. The plan need not include the policy's judge.
        ask: { ...ask, subject: undefined, chosenByCatalog: true },
        reply: verdictReply(policy, reply, classified),
      };
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
