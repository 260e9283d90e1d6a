// uses: slim-chat
// A moderated stream in each dialect: the provider's events, and the text that a slim caller receives.

import type { CreateEventCodec } from "../../../../src/core/relay/codec.ts";
import type { Dialect } from "../../../../src/core/relay/dialect.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { slimEvents } from "../../../../src/features/slim-chat/codec.ts";
import { DONE, errorFrame, finishChunk, sse, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";

type Json = Record<string, unknown>;

/** The provider's side of a stream. */
interface ProviderEvents {
  dialect: Dialect;
  /** Events before the first text. */
  begin: string[];
  /** One event for each text. */
  say(texts: string[]): string[];
  /** Events after the last text, with 3 input tokens and 4 output tokens. */
  end: string[];
  error: string;
}

export interface GatedForm extends ProviderEvents {
  events: CreateEventCodec;
  /** The text that the caller received. */
  shown(sent: string): string;
  /** Returns whether the answer ended with exactly one event for a block. */
  isBlocked(sent: string): boolean;
  /** The bytes of an allowed answer, where events are passed through. */
  passed?(texts: string[]): string;
}

export const CHAT: ProviderEvents = {
  dialect: chatDialect,
  begin: [
    sse({ id: "chat-1", created: 7, model: "m", choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }),
  ],
  say: (texts) => texts.map(textChunk),
  end: [finishChunk(), usageChunk(3, 4), DONE],
  error: errorFrame("The account acme-corp is out of credit."),
};

/** One event of Responses. */
export const toEvent = (type: string, rest: Json) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const RESPONSE = { id: "resp_1", object: "response", output: [] };
const USAGE = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };

export const RESPONSES: ProviderEvents = {
  dialect: responsesDialect,
  begin: [toEvent("response.created", { sequence_number: 0, response: { ...RESPONSE, status: "in_progress" } })],
  say: (texts) =>
    texts.map((delta, at) =>
      toEvent("response.output_text.delta", { sequence_number: at + 1, output_index: 0, delta }),
    ),
  end: [
    toEvent("response.completed", {
      sequence_number: 900,
      response: { ...RESPONSE, status: "completed", usage: USAGE },
    }),
  ],
  error: toEvent("error", { sequence_number: 900, error: { message: "The account acme-corp is out of credit." } }),
};

const SLIM = {
  events: slimEvents(
    () => null,
    () => "call_new",
  ),
  shown: (sent: string) =>
    readEvents(sent)
      .flatMap(({ name, data }) => (name === "text" ? [JSON.parse(data) as string] : []))
      .join(""),
  isBlocked: (sent: string) =>
    readEvents(sent).filter(({ name }) => name === "failed").length === 1 &&
    readEvents(sent).at(-1)?.data.includes("content_policy_violation") === true,
};

export const SLIM_OVER_CHAT: GatedForm = { ...CHAT, ...SLIM };
export const SLIM_FORMS: [string, GatedForm][] = [
  ["Chat Completions", SLIM_OVER_CHAT],
  ["Responses", { ...RESPONSES, ...SLIM }],
];
