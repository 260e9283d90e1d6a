// The schema of POST /chat: compact JSON that is independent of the provider's dialects.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { listOf, mapOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import { ImageUrl } from "../../dialects/openai/image-url.ts";
import { MAX_MESSAGES, MAX_PARTS, MAX_TOOLS } from "../../dialects/openai/request-limits.ts";
import { textOr } from "../../core/http/text-or.ts";

/** An optional field. `null` counts as absent, because many clients write it for fields that are not set. */
const absent = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );

/** Leaves out fields with `null`: one class for all messages or parts has fields that only some of them can have. */
const withoutNulls = (given: unknown): unknown =>
  typeof given === "object" && given !== null && !Array.isArray(given) && Object.values(given).includes(null)
    ? Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
    : given;

/** Fields at the root of a JSON Schema. */
const MAX_SCHEMA_FIELDS = 100;

export const SlimPart = v.pipe(
  v.unknown(),
  v.transform(withoutNulls),
  v.variant("type", [
    v.strictObject({ type: v.literal("text"), text: v.string() }),
    v.strictObject({ type: v.literal("image"), url: ImageUrl }),
  ]),
);

const ToolCall = v.strictObject({ id: v.string(), name: v.string(), arguments: v.string() });

const Message = v.pipe(
  v.unknown(),
  v.transform(withoutNulls),
  v.variant("role", [
    v.strictObject({ role: v.literal("user"), content: textOr(listOf(SlimPart, MAX_PARTS)) }),
    v.strictObject({
      role: v.literal("assistant"),
      content: v.optional(v.string()),
      /** The tool calls of an earlier answer, as received in its `tool` events. */
      tools: v.optional(listOf(ToolCall, MAX_TOOLS)),
    }),
    v.strictObject({ role: v.literal("system"), content: v.string() }),
    /** The result of the app's tool for the call with that id. */
    v.strictObject({ role: v.literal("tool"), id: v.string(), content: v.string() }),
  ]),
);

/** Each tool call must be followed by its result: every dialect requires this. */
function isAnswered(input: string | v.InferOutput<typeof Message>[]): boolean {
  if (typeof input === "string") return true;
  const open = new Set<string>();
  const isInOrder = input.every((message) => {
    if (message.role === "tool") return open.delete(message.id);
    const isNext = open.size === 0;
    if (message.role === "assistant") for (const { id } of message.tools ?? []) open.add(id);
    return isNext;
  });
  return isInOrder && open.size === 0;
}

const Tool = v.strictObject({
  name: v.string(),
  description: absent(v.string()),
  /** JSON Schema of the arguments. */
  parameters: absent(mapOf(v.unknown(), MAX_SCHEMA_FIELDS)),
});

export const SlimRequest = v.strictObject({
  input: v.pipe(
    textOr(listOf(Message, MAX_MESSAGES)),
    v.check((input) => input.length > 0, "must not be empty"),
    v.check(isAnswered, "must have the result of each tool call next, as a tool message with the call's id"),
  ),
  model: v.nullish(v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)), "default"),
  instructions: absent(v.string()),
  effort: absent(textUpTo(32)),
  /** Requests a summary of the model's reasoning. Models without reasoning ignore it. */
  reasoning: absent(v.literal("summary")),
  max_output_tokens: absent(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** A JSON Schema that the answer's text follows. */
  format: absent(mapOf(v.unknown(), MAX_SCHEMA_FIELDS)),
  tools: absent(listOf(Tool, MAX_TOOLS)),
  stream: v.nullish(v.boolean(), true),
});

export type SlimRequest = v.InferOutput<typeof SlimRequest>;
export type SlimMessage = Exclude<SlimRequest["input"], string>[number];
export type SlimPart = v.InferOutput<typeof SlimPart>;
export type SlimTool = v.InferOutput<typeof Tool>;

/** Returns the slim name of a provider's field, or null when there is none. `names` maps the names that differ. */
export function toSlimField(param: string, names: Record<string, string>): string | null {
  const [field = ""] = param.split(/[.[]/);
  const name = names[field] ?? field;
  return Object.hasOwn(SlimRequest.entries, name) ? name : null;
}
