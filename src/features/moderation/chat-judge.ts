// The judge of a chat: applies a policy's rules to one subject. The caller's quota pays for it.

import type { Caller } from "../../core/gateway/call.ts";
import type { Subject } from "../../core/gateway/exchange.ts";
import { metered } from "../../core/gateway/metered.ts";
import { createServerTiming } from "../../core/http/server-timing.ts";
import type { Policy } from "./catalog.ts";
import { chatJudgeWays } from "./judge-exchange.ts";
import { createRuleReader } from "./rules.ts";
import type { RuleVerdict } from "./rules.ts";

export type Side = "input" | "output";

/** The chat that is judged. */
export interface JudgedChat {
  caller: Caller;
  /** The key of the chat's reservation. */
  key: string;
  /** Aborts when the chat ends. A call of the judge then finishes for its usage only, and is charged. */
  signal: AbortSignal;
}

/**
 * Returns the judge's verdict on each rule; undefined when its answer is not a complete verdict. Calls `onReserved`
 * when the quota has granted the call. Throws an ApiError when the quota refuses, or the judge fails or takes longer
 * than 30 s. A call for the input counts as a request. A call for an answer costs tokens only, because one long answer
 * must not use up the user's requests.
 */
export async function judgeChat(
  { caller, key, signal }: JudgedChat,
  policy: Policy,
  side: Side,
  subject: Subject,
  onReserved: () => void,
): Promise<RuleVerdict[] | undefined> {
  let verdicts: RuleVerdict[] | undefined;
  const ways = chatJudgeWays(policy, subject, side === "input" ? 1 : 0, ({ text, progress }) => {
    const rules = createRuleReader(policy);
    rules.push(text);
    verdicts = rules.isComplete(progress.finish) ? rules.verdicts : undefined;
  });
  const concurrentWork = async () => {
    onReserved();
    return undefined;
  };
  const judge = { ...caller, signal, timing: createServerTiming(Date.now()) };
  await metered(judge, { model: policy.judge, ways, concurrentWork, partOf: key });
  return verdicts;
}
