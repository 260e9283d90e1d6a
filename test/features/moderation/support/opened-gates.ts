// uses: chat-completions
// The gates of a chat whose classifier a test plays.

import type { Moderation } from "../../../../src/features/moderation/catalog.ts";
import { passChat } from "../../../../src/features/chat-completions/exchange.ts";
import type { Exchange } from "../../../../src/core/gateway/exchange.ts";
import { openGates } from "../../../../src/features/moderation/gates.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { chatRequest } from "../../../dialects/support/chat-requests.ts";
import { createFakeClock } from "../../../core/support/fake-clock.ts";
import { catalogWith, playClassifier, says } from "./played-classifier.ts";
import { policyOf } from "./policies.ts";
import { prepared } from "../../../support/ways.ts";

/** What the chat says, and what no log may hold. */
export const SAID = "The secret way to hurt somebody";

export interface Opening {
  moderation?: Partial<Moderation>;
  /** What is said beside that. */
  others?: Partial<Moderation>[];
  policy?: Record<string, unknown>;
  answer?: Parameters<typeof playClassifier>[0];
  beside?: () => Promise<void>;
  request?: Record<string, unknown>;
  exchange?: Exchange;
}

/** The gates of a chat that says SAID, of which the input is judged beside the answer unless told otherwise. */
export function openedGates(opening: Opening = {}) {
  const { moderation, others = [], policy = {}, answer, beside, request = {} } = opening;
  const { env, asked } = playClassifier(answer);
  const control = new AbortController();
  const messages = [{ role: "user", content: SAID }];
  const exchange =
    opening.exchange ?? prepared(passChat(chatRequest({ messages, ...request })), bundledModel("o4-mini"));
  const duty = {
    env,
    catalog: catalogWith("played", policyOf(policy)),
    moderations: [{ input: "parallel", policy: "played", ...moderation } as const, undefined, ...others],
    requestId: "req_1",
    beside,
    clock: createFakeClock(),
  };
  return { gates: openGates(duty, exchange, control), asked, control, exchange, duty };
}

/** A classifier that finds violence and hate. */
export const findsViolence = () => says({ violence: 0.97, hate: 0.8 });

/** Whether a promise is still open when all that needs no time has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  return (await Promise.race([promise, new Promise((resolve) => void setImmediate(resolve, pending))])) === pending;
}

/** What a promise is rejected with; undefined when it is not. */
export const reasonOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
