// The schema of /v1/chat/completions requests. body.ts checks them against the model's card.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH, MODALITIES } from "../../core/catalog/card.ts";
import type { Modality } from "../../core/catalog/card.ts";
import { PromptCacheOptions } from "../openai/prompt-cache-options.ts";
import { textOr } from "../../core/text-or.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));

const TextPart = v.looseObject({ type: v.picklist(["text", "refusal"]) });
const ImagePart = v.looseObject({
  type: v.literal("image_url"),
  image_url: v.looseObject({ url: v.string() }),
});
// Audio and files are not accepted: their cost has no known bound, and a file id may belong to another user.
const Part = v.variant("type", [TextPart, ImagePart]);

const Message = v.looseObject({
  role: v.picklist(["developer", "system", "user", "assistant", "tool", "function"]),
  content: v.nullish(textOr(v.array(Part))),
  /** Audio stored at the provider. Answers hold `null` here, and clients return answers unchanged. */
  audio: v.nullish(v.never("is not supported here")),
});

// Only tools that run in the app. Hosted tools cost extra.
const Tool = v.looseObject({ type: v.picklist(["function", "custom"]) });

const Any = v.optional(v.unknown());

/** All fields that Weir passes on. An unknown field could cost money unmetered, or access another user's data. */
const ChatRequest = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)),
  messages: v.pipe(v.array(Message), v.minLength(1)),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.optional(v.boolean()) })),
  max_completion_tokens: v.nullish(Count),
  max_tokens: v.nullish(Count),
  n: v.nullish(v.pipe(Count, v.maxValue(128))),
  reasoning_effort: v.nullish(v.string()),
  tools: v.nullish(v.array(Tool)),
  store: v.nullish(v.literal(false, "must be false: storage at the provider is not allowed here")),
  service_tier: v.nullish(v.picklist(["auto", "default"])),
  modalities: v.nullish(v.array(v.picklist(Object.keys(MODALITIES) as Modality[]))),
  prediction: Any,
  temperature: Any,
  top_p: Any,
  stop: Any,
  presence_penalty: Any,
  frequency_penalty: Any,
  logit_bias: Any,
  logprobs: Any,
  top_logprobs: Any,
  seed: Any,
  response_format: v.nullish(v.looseObject({ type: v.string() })),
  tool_choice: Any,
  parallel_tool_calls: Any,
  functions: v.nullish(v.array(v.unknown())),
  function_call: Any,
  verbosity: Any,
  user: Any,
  safety_identifier: Any,
  prompt_cache_key: Any,
  prompt_cache_retention: Any,
  prompt_cache_options: PromptCacheOptions,
  metadata: Any,
});

export type ChatRequest = v.InferOutput<typeof ChatRequest>;

export { ChatRequest as ChatRequestSchema };
