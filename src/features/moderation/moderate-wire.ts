// /moderate on the wire: categories as the classifier has them, rules as the judging model writes them, and the verdict.

import * as v from "valibot";
import type { Action, Policy } from "./catalog.ts";
import type { RuleReader } from "./rules.ts";
import { createRuleReader, FORMAT_NAME, toJudgeRequest } from "./rules.ts";
import type { Verdict } from "./verdict.ts";
import { worst } from "./verdict.ts";
import type { Dialect, Progress } from "../../core/relay/answer.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import type { Codec, Settled } from "../../core/relay/codec.ts";
import { createPieceReader } from "../../core/relay/pieces.ts";
import { toEvent, toSummary } from "../slim-chat/codec.ts";
import type { Exchange, Way } from "../../core/gateway/exchange.ts";
import { SlimPart } from "../slim-chat/request.ts";
import { slimWays } from "../slim-chat/exchange.ts";
import type { Subject } from "../../dialects/openai/subject.ts";
import { textOr } from "../../core/text-or.ts";

export const ModerateRequest = v.strictObject({
  /** One thing as a text or as parts; a list of texts is many things. */
  input: textOr(
    v.pipe(
      v.array(textOr(SlimPart)),
      v.minLength(1),
      v.maxLength(32),
      v.check(
        (entries) => new Set(entries.map((entry) => typeof entry)).size === 1,
        "must be texts, or parts of one thing",
      ),
    ),
  ),
  policy: v.optional(v.pipe(v.string(), v.maxLength(100)), "default"),
  stream: v.optional(v.boolean(), false),
});

export type ModerateRequest = v.InferOutput<typeof ModerateRequest>;

/** Whether many things are sent, each of which gets a verdict. */
export function isList({ input }: ModerateRequest): boolean {
  return typeof input !== "string" && input.every((entry) => typeof entry === "string");
}

/** The things that a request wants a verdict on. */
export function subjectsOf({ input }: ModerateRequest): Subject[] {
  if (typeof input === "string") return [{ text: input, images: [] }];
  const texts = input.filter((entry) => typeof entry === "string");
  if (texts.length > 0) return texts.map((text) => ({ text, images: [] }));
  const parts = input.filter((entry) => typeof entry === "object");
  return [
    {
      text: parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n"),
      images: parts.flatMap((part) => (part.type === "image" ? [part.url] : [])),
    },
  ];
}

const encoder = new TextEncoder();

/** The dialects in which the judging model can be asked; `classified` is called when the classifier is back. */
export function judgeWays(policy: Policy, subject: Subject, stream: boolean, classified: () => Verdict): Way[] {
  return slimWays(toJudgeRequest(policy, subject, stream), FORMAT_NAME).map((way) => ({
    endpoint: way.endpoint,
    prepare(model, catalog): Exchange {
      // What an alias fixes for chats is not for a judge, but for how hard it thinks.
      const { effort } = model.fixed;
      const exchange = way.prepare({ ...model, fixed: { effort } }, catalog);
      return {
        ...exchange,
        isOurs: true,
        isPolicys: true,
        codec: () => createVerdictCodec(exchange.dialect, createRuleReader(policy), classified),
        read(text) {
          const answer = exchange.read(text);
          const rules = createRuleReader(policy);
          rules.push(answer.said);
          return {
            ...answer,
            conclude: (settled) => JSON.stringify(toVerdictObject(classified(), rules, answer.progress, settled)),
          };
        },
      };
    },
  }));
}

/** Turns the judging model's stream into its verdicts. One that breaks off still ends in a verdict, which is no yes. */
function createVerdictCodec(dialect: Dialect, rules: RuleReader, classified: () => Verdict): Codec {
  const progress = emptyProgress();
  const read = createPieceReader(dialect, progress);
  let said = "";
  const last = (actions: Action[], rest: object) =>
    encoder.encode(toDoneEvent(classified(), [rules.action(progress.finish), ...actions], rest));

  return {
    progress,
    pace: "at once",
    push(bytes) {
      for (const piece of read(bytes)) if (piece.kind === "text") said += piece.text;
    },
    take() {
      const events = rules.push(said).map((verdict) => toEvent("rule", verdict));
      said = "";
      return encoder.encode(events.join(""));
    },
    finish: () => undefined,
    conclude: (settled) => last([], toUsage(progress, settled)),
    fail: (error) => last(["review"], { error }),
    block: (error) => last(["block"], { error }),
  };
}

/** What the classifier found, as events. */
export function toCategoryEvents({ categories }: Verdict): string {
  return categories.map((category) => toEvent("category", category)).join("");
}

/** What ends a streamed verdict: the classifier's, and what else was found. */
export function toDoneEvent({ action, flagged }: Verdict, found: Action[], rest: object): string {
  return toEvent("done", { action: worst([action, ...found]), flagged, ...rest });
}

/** A verdict as one object. */
export function toVerdictObject(verdict: Verdict, rules: RuleReader | undefined, progress: Progress, settled: Settled) {
  return {
    action: worst([verdict.action, ...(rules ? [rules.action(progress.finish)] : [])]),
    flagged: verdict.flagged,
    categories: verdict.categories,
    rules: rules?.verdicts ?? [],
    ...toUsage(progress, settled),
  };
}

function toUsage(progress: Progress, settled: Settled) {
  const { usage, left } = toSummary(progress, settled);
  return { usage, left };
}
