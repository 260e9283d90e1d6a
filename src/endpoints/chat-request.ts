// What a caller may send to /v1/chat/completions, and what the provider gets of it: the same, except for the model's
// name, the output bound, the wish for usage, and parameters that the card refuses.

import * as v from "valibot";
import type { Model } from "../catalog/resolve.ts";
import { apiError } from "../errors.ts";
import type { Demand } from "../quota/bound.ts";
import { utf8Length } from "../stream/answer.ts";
import { textOr } from "./text-or.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));

const TextPart = v.looseObject({ type: v.picklist(["text", "refusal"]) });
const ImagePart = v.looseObject({
  type: v.literal("image_url"),
  image_url: v.looseObject({ url: v.string() }),
});
// Audio and files are absent on purpose: neither has a bound, and a file id may be another user's.
const Part = v.variant("type", [TextPart, ImagePart]);

const Message = v.looseObject({
  role: v.string(),
  content: v.nullish(textOr(v.array(Part))),
  /** Sound that the provider stored; its answers carry `null` here, and clients send them back whole. */
  audio: v.optional(v.null()),
});

// Tools that the provider itself would run cost extra; these two are run by the caller.
const Tool = v.looseObject({ type: v.picklist(["function", "custom"]) });

const Any = v.optional(v.unknown());

/** Every field that Weir passes on. One that is not here could cost money unmetered, or reach data of others. */
const ChatRequest = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(100)),
  messages: v.pipe(v.array(Message), v.minLength(1)),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.optional(v.boolean()) })),
  max_completion_tokens: v.nullish(Count),
  max_tokens: v.nullish(Count),
  n: v.nullish(v.pipe(Count, v.maxValue(128))),
  reasoning_effort: v.nullish(v.string()),
  tools: v.nullish(v.array(Tool)),
  store: v.nullish(v.literal(false, "storing answers at the provider is not allowed here")),
  service_tier: v.nullish(v.picklist(["auto", "default"])),
  modalities: v.nullish(v.array(v.literal("text"))),
  temperature: Any,
  top_p: Any,
  stop: Any,
  presence_penalty: Any,
  frequency_penalty: Any,
  logit_bias: Any,
  logprobs: Any,
  top_logprobs: Any,
  seed: Any,
  response_format: Any,
  tool_choice: Any,
  parallel_tool_calls: Any,
  functions: Any,
  function_call: Any,
  verbosity: Any,
  user: Any,
  safety_identifier: Any,
  prompt_cache_key: Any,
  metadata: Any,
});

export type ChatRequest = v.InferOutput<typeof ChatRequest>;

/** What providers assume when a parameter is absent: sending it changes nothing, so a refused one can be dropped. */
const DEFAULTS: Record<string, unknown> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
  parallel_tool_calls: true,
  tool_choice: "auto",
};

export { ChatRequest as ChatRequestSchema };

/** How large a chat request is; `bodyBytes` is its JSON as it arrived. */
export function chatDemand(request: ChatRequest, bodyBytes: number): Demand {
  let inputBytes = bodyBytes;
  let images = 0;
  for (const { content } of request.messages) {
    for (const part of Array.isArray(content) ? content : []) {
      if (part.type !== "image_url") continue;
      images += 1;
      if (part.image_url.url.startsWith("data:")) inputBytes -= utf8Length(part.image_url.url);
    }
  }
  return {
    inputBytes,
    images,
    choices: request.n ?? 1,
    maxOutputTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
  };
}

/**
 * The provider's body for a model, as a function of the output bound. Throws 400 for what the card does not support;
 * `effortField` is what the caller calls the effort.
 */
export function chatBody(
  request: ChatRequest,
  model: Model,
  effortField = "reasoning_effort",
): (maxOutputTokens: number) => string {
  const { max_tokens: _, max_completion_tokens: __, ...kept } = request;
  const { card, asked } = model;
  const refused = card.refuses.chat_completions ?? [];
  const sent: Record<string, unknown> = { ...kept, model: model.snapshot };
  for (const name of refused) {
    const value = sent[name];
    if (value === undefined) continue;
    if (!isDefault(name, value)) {
      const message = `'${name}' is not supported by the model '${asked}' on this endpoint. Leave it out.`;
      throw apiError("unsupported_parameter", message, { param: name });
    }
    delete sent[name];
  }
  requireEffort(request.reasoning_effort, model, effortField);
  const images = request.messages.some(
    ({ content }) => Array.isArray(content) && content.some((part) => part.type === "image_url"),
  );
  if (images && !card.modalities.input.includes("image")) {
    throw apiError("unsupported_value", `The model '${asked}' does not take images.`, { param: "messages" });
  }
  if (request.stream) sent.stream_options = { ...request.stream_options, include_usage: true };
  return (maxOutputTokens) => JSON.stringify({ ...sent, [card.output_parameter]: maxOutputTokens });
}

function isDefault(name: string, value: unknown): boolean {
  const empty = typeof value === "object" && (value === null || Object.keys(value).length === 0);
  return empty || value === DEFAULTS[name];
}

function requireEffort(effort: string | null | undefined, { card, asked }: Model, param: string): void {
  const efforts = card.reasoning?.efforts ?? [];
  if (!effort || efforts.includes(effort)) return;
  const known = efforts.length > 0 ? `Use one of: ${efforts.join(", ")}.` : "It does not reason: leave it out.";
  throw apiError("unsupported_value", `The model '${asked}' does not know the effort '${effort}'. ${known}`, {
    param,
  });
}
