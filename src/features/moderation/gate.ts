// The moderation gate of a chat: moderates the input, and the answer in windows.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Plan } from "../../core/catalog/schema.ts";
import { apiError } from "../../core/errors.ts";
import type { Ask, Exchange } from "../../core/gateway/exchange.ts";
import type { Gate } from "../../core/gateway/gate.ts";
import { abortOnEnding } from "../../core/gateway/gate.ts";
import type { Moderation } from "./catalog.ts";
import { moderationOf, strictest } from "./catalog.ts";
import { classifierRequests } from "./classifier-body.ts";
import { createGatedCodec, pumpGated } from "./gated-stream.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { policyFor, refusalFor } from "./gatekeeper.ts";
import { createTextWindows } from "./text-windows.ts";

/** Each image is one classifier call. */
const MAX_IMAGES = 32;

const ALLOWED = Promise.resolve();

export const moderationGate: Gate = {
  inputRequests(plan, model, { ask: { subject } }) {
    return !subject || moderationFor(plan, model).input === "off" ? 0 : classifierRequests(subject);
  },
  open({ caller, key, plan, model, exchange, control, clock }) {
    const { ask } = exchange;
    const moderation = moderationFor(plan, model);
    // An answer in bytes has no text to moderate.
    const isWindowed = moderation.output === "window" && exchange.reply.kind !== "bytes";
    if (ask.subject === undefined || (moderation.input === "off" && !isWindowed)) return undefined;
    if (isWindowed) requireModeratable(exchange);
    if (moderation.input !== "off" && ask.subject.images.length > MAX_IMAGES) {
      const message = `The request has ${ask.subject.images.length} images. At most ${MAX_IMAGES} can be moderated.`;
      throw apiError("unsupported_value", message, { param: ask.subject.param ?? "input" });
    }
    if (moderation.input !== "off" && ask.subject.unreadable !== undefined) {
      const param = ask.subject.unreadable;
      const message = `The content of '${param}' cannot be moderated here. Send text instead.`;
      throw apiError("unsupported_value", message, { param });
    }
    const keeper: Gatekeeper = { caller, key, moderation, signal: control.signal };
    const moderateOutput = (text: string, signal = control.signal) =>
      refusalFor({ ...keeper, signal }, "output", { text, images: [] });
    const reserved = Promise.withResolvers<void>();
    const input =
      moderation.input === "off"
        ? ALLOWED
        : abortOnEnding(refusalFor(keeper, "input", ask.subject, reserved.resolve), control);
    return {
      beforeCall: mustPrecedeCall(moderation, ask) ? input : judgeReserved(keeper, input, reserved.promise),
      beforeResponse: input,
      stream({ dialect, events }) {
        if (!isWindowed) return undefined;
        const windows = createTextWindows(policyFor(keeper).window);
        const codec = createGatedCodec(dialect, events, windows, () => clock.now());
        const gate = { windows, heldChars: () => codec.heldChars, moderate: moderateOutput };
        return { codec, pump: (flow, sink, time) => pumpGated(flow, sink, time, gate) };
      },
      requireAllowed: (words) => (isWindowed ? abortOnEnding(moderateOutput(words()), control) : ALLOWED),
    };
  },
};

/** Resolves when the quota has granted the judge's call. The provider is called afterwards: the quota may refuse. */
function judgeReserved(keeper: Gatekeeper, input: Promise<void>, reserved: Promise<void>): Promise<void> {
  if (policyFor(keeper).chats === "categories") return ALLOWED;
  const first = Promise.race([input, reserved]);
  first.catch(() => undefined);
  return first;
}

/**
 * Tests if the input must be moderated before the provider is called. Stored answers and background responses cannot be
 * undone. The host of an https image can delay or fail its moderation while the model already works.
 */
function mustPrecedeCall({ input }: Moderation, { remains, subject }: Ask): boolean {
  return input === "before" || remains !== undefined || subject?.images.some(isRemote) === true;
}

const isRemote = (imageUrl: string) => !imageUrl.startsWith("data:");

/** Returns the strictest moderation of a plan and of all aliases of a model. */
const moderationFor = (plan: Plan, { aliases }: Model): Moderation =>
  strictest([...aliases.map(moderationOf), moderationOf(plan)]);

/** Throws 400 when parts of the answer could reach the caller without passing through a moderated window. */
function requireModeratable({ ask: { demand, needs, remains } }: Exchange): void {
  // Alternative tokens are in no window.
  const alternatives = needs.find((need) => need.kind === "parameter" && need.name === "top_logprobs");
  if (alternatives) {
    const message = `Alternative tokens cannot be moderated. Leave '${alternatives.param}' out.`;
    throw apiError("unsupported_value", message, alternatives);
  }
  if (demand.choices > 1) {
    const message = `Only one answer per request can be moderated, not ${demand.choices}. Leave 'n' out or set it to 1.`;
    throw apiError("unsupported_value", message, { param: "n" });
  }
  if (remains) {
    const message = "Answers are moderated before they are sent, so this plan has no stored answers and no jobs.";
    throw apiError("unsupported_value", message);
  }
}
