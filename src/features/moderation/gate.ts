// The gate of a chat: moderates its input before the answer is promised, and its answer on the way.

import { apiError } from "../../core/errors.ts";
import type { Exchange } from "../../core/gateway/exchange.ts";
import type { Gate } from "../../core/gateway/gate.ts";
import { endedBy } from "../../core/gateway/gate.ts";
import { moderationOf, strictest } from "./catalog.ts";
import { createGatedCodec, pumpGated } from "./gated-stream.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { policyFor, refusalFor } from "./gatekeeper.ts";
import { createTextWindows } from "./text-windows.ts";

/** Each image is a call to the classifier. */
const MOST_IMAGES = 32;

const ALLOWED = Promise.resolve();

export const moderationGate: Gate = {
  open({ env, catalog, plan, model, exchange, requestId, control, clock }) {
    const { ask } = exchange;
    const moderation = strictest([...model.aliases.map(moderationOf), moderationOf(plan)]);
    const isWindowed = moderation.output === "window";
    if (ask.subject === undefined || (moderation.input === "off" && !isWindowed)) return undefined;
    if (isWindowed) requireJudgeable(exchange);
    if (moderation.input !== "off" && ask.subject.images.length > MOST_IMAGES) {
      throw apiError("unsupported_value", `At most ${MOST_IMAGES} images can be judged here.`, { param: "input" });
    }
    if (moderation.input !== "off" && ask.subject.unreadable !== undefined) {
      const param = ask.subject.unreadable;
      throw apiError("unsupported_value", `'${param}' is judged here, and tokens cannot be: send texts.`, { param });
    }
    const keeper: Gatekeeper = { env, catalog, moderation, requestId, signal: control.signal };
    const judgeOutput = (text: string) => refusalFor(keeper, "output", { text, images: [] });
    const input = moderation.input === "off" ? ALLOWED : endedBy(refusalFor(keeper, "input", ask.subject), control);
    return {
      // Work that is stored, or that goes on after its request, cannot be taken back.
      before: moderation.input === "before" || ask.outlives ? input : ALLOWED,
      input,
      stream({ dialect, events }) {
        if (!isWindowed) return undefined;
        const windows = createTextWindows(policyFor(keeper).window);
        const codec = createGatedCodec(dialect, events, windows, () => clock.now());
        const gate = { windows, heldChars: () => codec.heldChars, judge: judgeOutput };
        return { codec, pump: (flow, sink, time) => pumpGated(flow, sink, time, gate) };
      },
      requireAllowed: (words) => (isWindowed ? endedBy(judgeOutput(words()), control) : ALLOWED),
    };
  },
};

/** Throws 400 for an answer that could be read in another way than through its windows. */
function requireJudgeable({ ask: { demand, needs, outlives } }: Exchange): void {
  // The alternatives that the model did not choose are in no window.
  const alternatives = needs.find((need) => need.kind === "parameter" && need.name === "top_logprobs");
  if (alternatives) {
    const message = "Answers are judged here, and only what is said: leave 'top_logprobs' out.";
    throw apiError("unsupported_value", message, alternatives);
  }
  if (demand.choices > 1) {
    throw apiError("unsupported_value", "Answers are judged here, one at a time: ask for one.", { param: "n" });
  }
  if (outlives) {
    const message =
      "Answers are judged here before they are seen, so that none is stored. Leave 'store' and 'conversation' out.";
    throw apiError("unsupported_value", message);
  }
}
