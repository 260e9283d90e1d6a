// uses: chat-completions, responses, slim-chat
// Every form of a moderated answer: the provider's events, and the text that its caller sees.

import { chatWords, readChatEvent } from "../../../../src/dialects/chat-completions/decode.ts";
import { readResponsesEvent, responsesWords } from "../../../../src/dialects/responses/decode.ts";
import { createResponsesPassCodec } from "../../../../src/features/responses/codec.ts";
import type { Dialect } from "../../../../src/core/relay/answer.ts";
import type { Codec } from "../../../../src/core/relay/codec.ts";
import { createPassCodec } from "../../../../src/features/chat-completions/codec.ts";
import { createSlimCodec } from "../../../../src/features/slim-chat/codec.ts";
import { chunk, DONE, errorFrame, finishChunk, sse, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";

export interface GatedForm {
  dialect: Dialect;
  words: (data: string) => string;
  codec(): Codec;
  /** The provider's events before the first text, with each text, and after the last one. */
  begin: string[];
  say(texts: string[]): string[];
  end: string[];
  /** An error in the provider's words, in its stream. */
  error: string;
  /** The events of a whole answer as the caller gets them where they are passed on; undefined where they are not. */
  passed(texts: string[]): string | undefined;
  /** The text that the caller has been sent. */
  shown(sent: string): string;
  /** The one event that says that the rest is not allowed. */
  isBlocked(sent: string): boolean;
}

type Json = Record<string, unknown>;

const dataOf = (sent: string) =>
  readEvents(sent).flatMap(({ data }) => (data === "[DONE]" ? [] : [JSON.parse(data) as Json]));

const CHAT = {
  dialect: readChatEvent,
  words: chatWords,
  begin: [
    sse({ id: "chat-1", created: 7, model: "m", choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }),
  ],
  say: (texts: string[]) => texts.map(textChunk),
  end: [finishChunk(), usageChunk(3, 4), DONE],
  error: errorFrame("The account acme-corp is out of credit."),
};

const event = (type: string, rest: Json) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const RESPONSE = { id: "resp_1", object: "response", output: [] };
const USAGE = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };

const RESPONSES = {
  dialect: readResponsesEvent,
  words: responsesWords,
  begin: [event("response.created", { sequence_number: 0, response: { ...RESPONSE, status: "in_progress" } })],
  say: (texts: string[]) =>
    texts.map((delta, at) => event("response.output_text.delta", { sequence_number: at + 1, output_index: 0, delta })),
  end: [
    event("response.completed", { sequence_number: 900, response: { ...RESPONSE, status: "completed", usage: USAGE } }),
  ],
  error: event("error", { sequence_number: 900, error: { message: "The account acme-corp is out of credit." } }),
};

const slimShown = (sent: string) =>
  readEvents(sent)
    .flatMap(({ name, data }) => (name === "text" ? [JSON.parse(data) as string] : []))
    .join("");
const slimBlocked = (sent: string) => readEvents(sent).at(-1)?.name === "failed";

const SLIM = { passed: () => undefined, shown: slimShown, isBlocked: slimBlocked };

interface Choice {
  delta?: { content?: string };
  finish_reason?: string | null;
}
const choicesOf = (data: Json) => (data["choices"] ?? []) as Choice[];
const CHAT_PASSED = {
  shown: (sent: string) =>
    dataOf(sent)
      .flatMap(choicesOf)
      .map(({ delta }) => delta?.content ?? "")
      .join(""),
  isBlocked(sent: string) {
    const finishes = dataOf(sent)
      .flatMap(choicesOf)
      .map(({ finish_reason: finish }) => finish);
    return finishes.filter(Boolean).join() === "content_filter" && sent.endsWith(DONE);
  },
};
const allOf = ({ begin, say, end }: Pick<GatedForm, "begin" | "say" | "end">, texts: string[]) =>
  [...begin, ...say(texts), ...end].join("");

export const GATED_FORMS: Record<string, GatedForm> = {
  "slim over chat": { ...CHAT, ...SLIM, codec: () => createSlimCodec(readChatEvent) },
  "slim over responses": { ...RESPONSES, ...SLIM, codec: () => createSlimCodec(readResponsesEvent) },
  "chat with usage": {
    ...CHAT,
    ...CHAT_PASSED,
    codec: () => createPassCodec(readChatEvent, { keepUsage: true, gated: true }),
    passed: (texts) => allOf(CHAT, texts),
  },
  "chat without usage": {
    ...CHAT,
    ...CHAT_PASSED,
    codec: () => createPassCodec(readChatEvent, { keepUsage: false, gated: true }),
    passed: (texts) => allOf({ ...CHAT, end: [finishChunk(), DONE] }, texts),
  },
  responses: {
    ...RESPONSES,
    codec: createResponsesPassCodec,
    passed: (texts) => allOf(RESPONSES, texts),
    shown: (sent) =>
      dataOf(sent)
        .map(({ type, delta }) => (type === "response.output_text.delta" ? String(delta) : ""))
        .join(""),
    isBlocked(sent) {
      const last = dataOf(sent).at(-1) ?? {};
      const { status, incomplete_details: details } = (last["response"] ?? {}) as Json;
      return (
        last["type"] === "response.incomplete" &&
        status === "incomplete" &&
        (details as Json)["reason"] === "content_filter"
      );
    },
  },
};

/** A chunk that brings part of a tool call. */
export const toolChunk = (fragment: string, name?: string): string =>
  chunk({
    tool_calls: [
      { index: 0, ...(name ? { id: "call_1" } : {}), function: { ...(name ? { name } : {}), arguments: fragment } },
    ],
  });
