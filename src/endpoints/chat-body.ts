// What the provider gets of a chat request: the same, except for the model's name, the output bound, the wish for
// usage, what an alias has fixed, and parameters that the model's card refuses.

import type { Feature } from "../catalog/card.ts";
import type { Model } from "../catalog/resolve.ts";
import type { Need } from "../catalog/support.ts";
import { apiError } from "../errors.ts";
import type { Demand } from "../quota/bound.ts";
import { utf8Length } from "../stream/answer.ts";
import { adaptEffort, isLeftOut } from "./adapt.ts";
import type { ChatRequest } from "./chat-request.ts";

/** What changes nothing, since providers assume it when it is absent: a refused parameter with such a value is dropped. */
const DEFAULTS: Record<string, readonly unknown[]> = {
  temperature: [1],
  top_p: [1],
  n: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  logprobs: [false],
  top_logprobs: [0],
  parallel_tool_calls: [true],
  tool_choice: ["auto", "none"],
  function_call: ["auto", "none"],
  service_tier: ["auto", "default"],
  verbosity: ["medium"],
  store: [false],
  stream: [false],
};

/** Fields that are never shown to the model, so that they cost no tokens. */
const UNSEEN = new Set(["model", "stream", "stream_options", "n", "reasoning_effort", "service_tier", "store"]);

/** What a caller's words for a field are, where they are not OpenAI's. */
export type FieldNames = Partial<Record<keyof ChatRequest, string>>;

export interface ChatBody {
  /** What is sent, but for the output bound. */
  request: ChatRequest;
  needs: Need[];
  demand: Demand;
  /** The provider's JSON. */
  write(maxOutputTokens: number): string;
}

/** A chat request for a model. Throws 400 for an effort that contradicts the alias. */
export function chatBody(asked: ChatRequest, model: Model, names: FieldNames = {}): ChatBody {
  const request = sentTo(model, asked, names.reasoning_effort ?? "reasoning_effort");
  const fields = Object.entries(request);
  const seen = toJson(fields.filter(([name]) => !UNSEEN.has(name)));
  const unseen = toJson(fields.filter(([name]) => UNSEEN.has(name)));
  const images = imagesOf(request);
  const data = images.filter((url) => url.startsWith("data:"));
  const limits = [asked.max_completion_tokens ?? asked.max_tokens, model.fixed.max_output_tokens];
  return {
    request,
    needs: needsOf(request, (field) => names[field] ?? field),
    demand: {
      inputBytes: utf8Length(seen) - data.reduce((sum, url) => sum + url.length, 0),
      images: images.length,
      choices: request.n ?? 1,
      maxOutputTokens: least(limits),
    },
    // The fields of both, one after the other: `unseen` has the model and `seen` the messages, so neither is empty.
    write: (maxOutputTokens) =>
      `${unseen.slice(0, -1)},${seen.slice(1, -1)},"${model.card.output_parameter}":${maxOutputTokens}}`,
  };
}

const toJson = (fields: [string, unknown][]) => JSON.stringify(Object.fromEntries(fields));

function least(limits: (number | null | undefined)[]): number | undefined {
  const given = limits.filter((limit) => typeof limit === "number");
  return given.length > 0 ? Math.min(...given) : undefined;
}

function sentTo(model: Model, asked: ChatRequest, effortField: string): ChatRequest {
  const { max_tokens: _, max_completion_tokens: __, reasoning_effort, ...kept } = asked;
  const { instructions, effort: fixedEffort } = model.fixed;
  if (reasoning_effort && fixedEffort && reasoning_effort !== fixedEffort) {
    const message = `The model '${model.asked}' always answers with the effort '${fixedEffort}'. Leave '${effortField}' out.`;
    throw apiError("unsupported_value", message, { param: effortField });
  }
  const effort = adaptEffort(fixedEffort ?? (reasoning_effort || undefined), model);
  const sent: ChatRequest = { ...kept, model: model.snapshot };
  if (effort !== undefined) sent.reasoning_effort = effort;
  if (instructions !== undefined) sent.messages = [{ role: "system", content: instructions }, ...asked.messages];
  if (asked.stream) sent.stream_options = { ...asked.stream_options, include_usage: true };
  const refused = (model.card.refuses.chat_completions ?? []) as (keyof ChatRequest)[];
  for (const name of refused) {
    if (isDefault(name, sent[name]) || isLeftOut(name, "chat_completions", model)) delete sent[name];
  }
  return sent;
}

function isDefault(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object") return DEFAULTS[name]?.includes(value) === true;
  const [only, ...more] = Object.entries(value);
  // `{"type":"text"}` and `["text"]` are the only answer that there is without them.
  return more.length === 0 && (!only || ((only[0] === "type" || only[0] === "0") && only[1] === "text"));
}

function needsOf(request: ChatRequest, nameOf: (field: keyof ChatRequest) => string): Need[] {
  const needs: Need[] = [{ kind: "endpoint", endpoint: "chat_completions", param: "model" }];
  const feature = (feature: Feature, field: keyof ChatRequest) =>
    needs.push({ kind: "feature", feature, param: nameOf(field) });
  for (const name of Object.keys(request) as (keyof ChatRequest)[]) {
    if (isDefault(name, request[name])) continue;
    needs.push({ kind: "parameter", endpoint: "chat_completions", name, param: nameOf(name) });
  }
  if (request.stream) feature("streaming", "stream");
  if (request.tools?.length) feature("function_calling", "tools");
  if (request.functions?.length) feature("function_calling", "functions");
  if (request.response_format?.type === "json_schema") feature("structured_outputs", "response_format");
  if (request.prediction) feature("predicted_outputs", "prediction");
  if (imagesOf(request).length > 0) needs.push({ kind: "input", modality: "image", param: nameOf("messages") });
  for (const modality of request.modalities ?? []) {
    if (modality !== "text") needs.push({ kind: "output", modality, param: nameOf("modalities") });
  }
  if (request.reasoning_effort) {
    needs.push({ kind: "effort", effort: request.reasoning_effort, param: nameOf("reasoning_effort") });
  }
  return needs;
}

/** The URLs of all images. */
function imagesOf({ messages }: ChatRequest): string[] {
  return messages.flatMap(({ content }) =>
    (Array.isArray(content) ? content : []).flatMap((part) => (part.type === "image_url" ? [part.image_url.url] : [])),
  );
}
