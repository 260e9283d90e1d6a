// What a phone sends to /chat: the shortest JSON that says what is wanted. No dialect of any provider.

import * as v from "valibot";
import { ImageUrl } from "./image-url.ts";
import { textOr } from "./text-or.ts";

const Part = v.variant("type", [
  v.strictObject({ type: v.literal("text"), text: v.string() }),
  v.strictObject({ type: v.literal("image"), url: ImageUrl }),
]);

const ToolCall = v.strictObject({ id: v.string(), name: v.string(), arguments: v.string() });

const Message = v.variant("role", [
  v.strictObject({ role: v.literal("user"), content: textOr(v.array(Part)) }),
  v.strictObject({
    role: v.literal("assistant"),
    content: v.optional(v.string()),
    /** The tool calls of an earlier answer, as its `tool` events gave them. */
    tools: v.optional(v.array(ToolCall)),
  }),
  v.strictObject({ role: v.literal("system"), content: v.string() }),
  /** What the app's tool returned for the call with that id. */
  v.strictObject({ role: v.literal("tool"), id: v.string(), content: v.string() }),
]);

const Tool = v.strictObject({
  name: v.string(),
  description: v.optional(v.string()),
  /** JSON Schema of the arguments. */
  parameters: v.optional(v.record(v.string(), v.unknown())),
});

export const SlimRequest = v.strictObject({
  input: v.pipe(
    textOr(v.array(Message)),
    v.check((input) => input.length > 0, "must not be empty"),
  ),
  model: v.optional(v.pipe(v.string(), v.maxLength(100)), "default"),
  instructions: v.optional(v.string()),
  effort: v.optional(v.string()),
  /** With it, a model that reasons tells in short what it thought. */
  reasoning: v.optional(v.literal("summary")),
  max_output_tokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** A JSON Schema that the answer's text follows. */
  format: v.optional(v.record(v.string(), v.unknown())),
  tools: v.optional(v.array(Tool)),
  stream: v.optional(v.boolean(), true),
});

export type SlimRequest = v.InferOutput<typeof SlimRequest>;
export type SlimMessage = Exclude<SlimRequest["input"], string>[number];
export type SlimPart = Exclude<(SlimMessage & { role: "user" })["content"], string>[number];
export type SlimTool = v.InferOutput<typeof Tool>;
