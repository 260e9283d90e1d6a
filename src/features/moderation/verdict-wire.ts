// The wire format of verdicts: stream events, or one JSON object.

import type { Progress } from "../../core/relay/answer.ts";
import type { CreateEventCodec, Settled } from "../../core/relay/codec.ts";
import { toSlimEvent, toSummary } from "../slim-chat/codec.ts";
import type { Action } from "./catalog.ts";
import type { RuleReader } from "./rules.ts";
import type { Verdict } from "./verdict.ts";
import { worstAction } from "./verdict.ts";

const encoder = new TextEncoder();

/**
 * Converts the judge model's stream into `rule` events and one `done`. `classified` returns the classifier's verdict so
 * far. If the judge fails, `done` carries the error and at least `review`.
 */
export const verdictEvents =
  (rules: RuleReader, classified: () => Verdict): CreateEventCodec =>
  (progress) => {
    let text = "";
    const done = (actions: Action[], rest: object) =>
      encoder.encode(toDoneEvent(classified(), [rules.action(progress.finish), ...actions], rest));
    return {
      pace: "at once",
      push({ pieces }) {
        for (const piece of pieces) if (piece.kind === "text") text += piece.text;
      },
      take() {
        const events = rules.push(text).map((verdict) => toSlimEvent("rule", verdict));
        text = "";
        return encoder.encode(events.join(""));
      },
      conclude: (settled) => done([], usageAndLeft(progress, settled)),
      fail: (error) => done(["review"], { error }),
      block: (error) => done(["block"], { error }),
    };
  };

/** Writes one `category` event for each category of the verdict. */
export function toCategoryEvents({ categories }: Verdict): string {
  return categories.map((category) => toSlimEvent("category", category)).join("");
}

/** Writes the last event of a streamed verdict. Its action is the severest of the verdict's and the given ones. */
export function toDoneEvent({ action, flagged }: Verdict, actions: Action[], rest: object): string {
  return toSlimEvent("done", { action: worstAction([action, ...actions]), flagged, ...rest });
}

/** Returns the verdict as the JSON object of an answer that is not streamed. */
export function toVerdictObject(verdict: Verdict, rules: RuleReader | undefined, progress: Progress, settled: Settled) {
  return {
    action: worstAction([verdict.action, ...(rules ? [rules.action(progress.finish)] : [])]),
    flagged: verdict.flagged,
    categories: verdict.categories,
    rules: rules?.verdicts ?? [],
    ...usageAndLeft(progress, settled),
  };
}

function usageAndLeft(progress: Progress, settled: Settled) {
  const { usage, left } = toSummary(progress, settled);
  return { usage, left };
}
