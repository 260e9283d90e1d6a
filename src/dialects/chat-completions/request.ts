// The schema of /v1/chat/completions requests. body.ts checks them against the model's card.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH, MODALITIES } from "../../core/catalog/card.ts";
import type { Modality } from "../../core/catalog/card.ts";
import { listOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import { textOr } from "../../core/http/text-or.ts";
import { ImageUrl } from "../openai/image-url.ts";
import { CHAT_FIELDS, toolsOf } from "../openai/request-fields.ts";
import { MAX_MESSAGES, MAX_PARTS } from "../openai/request-limits.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));

const AnyObject = v.nullish(v.looseObject({}));

const TextPart = v.looseObject({ type: v.literal("text"), text: v.string() });
const RefusalPart = v.looseObject({ type: v.literal("refusal"), refusal: v.string() });
const ImagePart = v.looseObject({
  type: v.literal("image_url"),
  image_url: v.looseObject({ url: ImageUrl }),
});
// Audio and files are not accepted: their cost has no known bound, and a file id may belong to another user.
const Part = v.variant("type", [TextPart, RefusalPart, ImagePart]);

const Message = v.looseObject({
  role: v.picklist(["developer", "system", "user", "assistant", "tool", "function"]),
  content: v.nullish(textOr(listOf(Part, MAX_PARTS))),
  tool_calls: toolsOf(v.looseObject({ function: AnyObject, custom: AnyObject })),
  /** Audio stored at the provider. Answers hold `null` here, and clients return answers unchanged. */
  audio: v.nullish(v.never("is not supported here")),
});

// Only tools that run in the app. Hosted tools cost extra.
const Tool = v.looseObject({ type: v.picklist(["function", "custom"]), function: AnyObject, custom: AnyObject });

/** All fields that Weir passes on. An unknown field could cost money unmetered, or access another user's data. */
const ChatRequest = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)),
  messages: v.pipe(listOf(Message, MAX_MESSAGES), v.minLength(1)),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.optional(v.boolean()) })),
  max_completion_tokens: v.nullish(Count),
  max_tokens: v.nullish(Count),
  n: v.nullish(v.pipe(Count, v.maxValue(128))),
  reasoning_effort: v.nullish(textUpTo(32)),
  tools: toolsOf(Tool),
  store: v.nullish(v.literal(false, "must be false: storage at the provider is not allowed here")),
  service_tier: v.nullish(v.picklist(["auto", "default"])),
  modalities: v.nullish(listOf(v.picklist(Object.keys(MODALITIES) as Modality[]), 8)),
  ...CHAT_FIELDS,
  response_format: v.nullish(v.looseObject({ type: v.string(), json_schema: AnyObject })),
});

export type ChatRequest = v.InferOutput<typeof ChatRequest>;

export { ChatRequest as ChatRequestSchema };
