// Catalogs whose chats are moderated, and each form of a chat: its request, its text and its ending.

import type { Script } from "../../../../dev/provider/script.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Caller, ErrorEnvelope } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { complete } from "../../../support/catalog-documents.ts";
import { emulate } from "../../../support/emulation.ts";
import { readEvents } from "../../../support/events.ts";

type Json = Record<string, unknown>;

export interface Moderated {
  /** The moderation of the alias that is asked for. */
  alias?: Json;
  /** The moderation of the plan. */
  plan?: Json;
  /** Changes of the policy `default`. */
  policy?: Json;
  policies?: Record<string, Json>;
  responses?: Json;
  timing?: Partial<Catalog["timing"]>;
  instructions?: string;
}

/** The tests' catalog with moderation in the alias o4-mini, in the default plan, or in both. */
export function moderatedCatalog(changes: Moderated): Catalog {
  const { alias, plan, policy, policies, responses, timing, instructions } = changes;
  const catalog = createCatalog(timing);
  const { "o4-mini": mini } = catalog.aliases;
  const { roomy } = catalog.plans;
  return complete({
    ...catalog,
    aliases: {
      ...catalog.aliases,
      "o4-mini": { ...mini, ...(alias && { moderation: alias }), ...(instructions && { instructions }) },
    },
    plans: { ...catalog.plans, roomy: { ...roomy, ...(plan && { moderation: plan }) } },
    policies: { default: { otherwise: "block", ...policy }, ...policies },
    ...(responses && { responses }),
  });
}

/** Windows of exactly twenty characters, however the text arrives. */
export const TWENTY = { max_chars: 20, max_ms: 60_000, overlap_chars: 1 };

/** A message that the provider answers as scripted, with more text for the classifier. */
export const message = (script: Script, said = "") => `${emulate(script)}\n${said}`;

export interface Form {
  path: string;
  body(content: string, stream: boolean): Json;
  /** The text of a stream. */
  said(text: string): string;
  /** `finished`, or the code of the error or of the filter that a stream ended with. */
  ending(text: string): string;
  /** The ending of a stream that was blocked. */
  blocked: string;
}

interface Chunk {
  choices?: { delta: { content?: string | null }; finish_reason: string | null }[];
  error?: ErrorEnvelope["error"];
}

interface ResponsesEvent {
  type: string;
  delta?: string;
  response?: { incomplete_details?: { reason: string }; error?: { code: string } };
}

const eventsOf = <Event>(text: string) =>
  readEvents(text).flatMap(({ data }) => (data === "[DONE]" ? [] : [JSON.parse(data) as Event]));

const SLIM: Form = {
  path: "/chat",
  body: (content, stream) => ({ model: "o4-mini", input: content, stream }),
  said: (text) =>
    readEvents(text)
      .flatMap(({ name, data }) => (name === "text" ? [JSON.parse(data) as string] : []))
      .join(""),
  ending(text) {
    const last = readEvents(text).at(-1);
    if (last?.name === "done") return "finished";
    return last?.name === "failed"
      ? ((JSON.parse(last.data) as ErrorEnvelope).error.code ?? "")
      : `unfinished: ${text}`;
  },
  blocked: "content_policy_violation",
};

const CHAT: Form = {
  path: "/v1/chat/completions",
  body: (content, stream) => ({
    model: "o4-mini",
    messages: [{ role: "user", content }],
    ...(stream && { stream, stream_options: { include_usage: true } }),
  }),
  said: (text) =>
    eventsOf<Chunk>(text)
      .map(({ choices }) => choices?.[0]?.delta.content ?? "")
      .join(""),
  ending(text) {
    if (!text.endsWith("data: [DONE]\n\n")) return eventsOf<Chunk>(text).at(-1)?.error?.code ?? `unfinished: ${text}`;
    const finish = eventsOf<Chunk>(text).flatMap(({ choices }) => choices?.[0]?.finish_reason ?? []);
    return finish.join() === "stop" ? "finished" : finish.join();
  },
  blocked: "content_filter",
};

const RESPONSES: Form = {
  path: "/v1/responses",
  body: (content, stream) => ({ model: "o4-mini", input: content, stream }),
  said: (text) =>
    eventsOf<ResponsesEvent>(text)
      .map(({ type, delta }) => (type === "response.output_text.delta" ? delta : ""))
      .join(""),
  ending(text) {
    const { type, response } = eventsOf<ResponsesEvent>(text).at(-1) ?? {};
    if (type === "response.completed") return "finished";
    if (type === "response.incomplete") return response?.incomplete_details?.reason ?? "";
    return type === "response.failed" ? (response?.error?.code ?? "") : `unfinished: ${text}`;
  },
  blocked: "content_filter",
};

export const FORMS: [string, Form][] = [SLIM, CHAT, RESPONSES].map((form) => [form.path, form]);
export { CHAT, RESPONSES, SLIM };

/** Asks in a form; streamed unless told otherwise. */
export function askIn(caller: Caller, form: Form, content: string, stream = true, init: RequestInit = {}) {
  return caller.post(form.path, form.body(content, stream), init);
}
