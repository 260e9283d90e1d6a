// The schema of /v1/responses requests without storage. body.ts checks them against the model's card.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { listOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import { ImageUrl } from "../openai/image-url.ts";
import { FileId, SHARED_FIELDS, toolsOf } from "../openai/request-fields.ts";
import { MAX_MESSAGES, MAX_PARTS } from "../openai/request-limits.ts";
import { textOr } from "../../core/http/text-or.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));

const TextPart = v.looseObject({ type: v.picklist(["input_text", "output_text", "refusal"]) });
const ImagePart = v.looseObject({ type: v.literal("input_image"), image_url: ImageUrl });
const ImageFilePart = v.looseObject({
  type: v.literal("input_image"),
  file_id: FileId,
  image_url: v.nullish(v.never("must be left out beside file_id")),
});
const NOT_BOUNDED = "is not supported here: upload the file, and send its file_id";
const FilePart = v.strictObject({
  type: v.literal("input_file"),
  file_url: v.nullish(v.never(NOT_BOUNDED)),
  file_data: v.nullish(v.never(NOT_BOUNDED)),
  file_id: FileId,
  filename: v.nullish(textUpTo(1024)),
  detail: v.nullish(textUpTo(32)),
});
// Audio is not accepted: its cost has no known bound.
const AnyPart = v.variant("type", [TextPart, ImagePart, FilePart]);
const Part = v.lazy((part) => {
  const { type, file_id: id = null } = (part ?? {}) as { type?: unknown; file_id?: unknown };
  return type === "input_image" && id !== null ? ImageFilePart : AnyPart;
});
const Content = v.nullish(textOr(listOf(Part, MAX_PARTS)));

const NOT_RESOLVED =
  "refers to an item that is not stored here. Send the item itself. In the AI SDK, set 'store' to false for each " +
  "request, or use openai.chat(…)";

/** A message, or an item of an earlier answer. References by id are not accepted: the item may be another user's. */
const Item = v.looseObject({
  type: v.optional(
    v.picklist(
      [
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "reasoning",
        // Only hosted tool calls that are self-contained. Others refer to a container or an image.
        "web_search_call",
        "file_search_call",
      ],
      ({ input }) => (input === "item_reference" ? NOT_RESOLVED : "is not supported here"),
    ),
  ),
  content: v.nullish(listOf(v.looseObject({ type: v.literal("reasoning_text") }), MAX_PARTS)),
  output: Content,
});
const Message = v.looseObject({ ...Item.entries, type: v.optional(v.literal("message")), content: Content });
const InputItem = v.lazy((item) => {
  const { type = "message" } = (item ?? {}) as { type?: unknown };
  return type === "message" ? Message : Item;
});

/** Tools that run in the app. Hosted tools cost extra. */
const CallersTool = v.looseObject({ type: v.picklist(["function", "custom"], "is not allowed here") });

const NOT_STORED = "must be false: storage at the provider is not allowed here";

/** All fields that Weir passes on. An unknown field could cost money unmetered, or access another user's data. */
const ResponsesRequest = v.strictObject({
  model: v.nullish(v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)), "default"),
  input: v.pipe(
    textOr(listOf(InputItem, MAX_MESSAGES)),
    v.check((input) => input.length > 0, "must not be empty"),
  ),
  instructions: v.nullish(v.string()),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({})),
  max_output_tokens: v.nullish(Count),
  max_tool_calls: v.nullish(Count),
  reasoning: v.nullish(v.looseObject({ effort: v.nullish(textUpTo(32)) })),
  text: v.nullish(v.looseObject({ format: v.nullish(v.looseObject({ type: v.string() })) })),
  tools: toolsOf(CallersTool),
  include: v.nullish(listOf(textUpTo(100), 32)),
  store: v.nullish(v.literal(false, NOT_STORED)),
  background: v.nullish(v.literal(false, NOT_STORED)),
  service_tier: v.nullish(v.picklist(["auto", "default"])),
  ...SHARED_FIELDS,
  truncation: v.nullish(textUpTo(32)),
});

type Parsed = v.InferOutput<typeof ResponsesRequest>;

/** A request, with the wider values that features with storage allow. */
export type ResponsesRequest = Omit<Parsed, "input" | "store" | "background" | "tools"> & {
  input?: Parsed["input"] | undefined;
  store?: boolean | null | undefined;
  background?: boolean | null | undefined;
  tools?: { type: string }[] | null | undefined;
};

export { ResponsesRequest as ResponsesRequestSchema };
