// What a caller may send to /v1/responses. Whether the model takes it is for responses-body.ts to ask.

import * as v from "valibot";
import { ImageUrl } from "../openai/image-url.ts";
import { oneOf } from "../../core/one-of.ts";
import { textOr } from "../../core/text-or.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
const Any = v.optional(v.unknown());

const TextPart = v.looseObject({ type: v.picklist(["input_text", "output_text", "refusal"]) });
// By URL only: an id names a file that may be another user's.
const ImagePart = v.looseObject({
  type: v.literal("input_image"),
  image_url: ImageUrl,
  file_id: v.nullish(v.never("is not supported here: send the image as image_url")),
});
// Files and audio are absent on purpose: neither has a bound.
const Part = oneOf("type", { input_text: TextPart, output_text: TextPart, refusal: TextPart, input_image: ImagePart });
const Content = v.nullish(textOr(v.array(Part)));

/** A message, or something that an earlier answer held. An item that is only named may be another user's. */
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
        // Of the calls of hosted tools those that hold all that they say: others name a container or a picture.
        "web_search_call",
        "file_search_call",
      ],
      "is not supported here",
    ),
    "message",
  ),
  content: v.nullish(v.array(v.looseObject({ type: v.literal("reasoning_text") }))),
  output: Content,
});
const Message = v.looseObject({ ...Item.entries, type: v.optional(v.literal("message"), "message"), content: Content });
const InputItem = v.lazy((item) => {
  const { type = "message" } = (item ?? {}) as { type?: unknown };
  return type === "message" ? Message : Item;
});

const Id = v.pipe(v.string(), v.minLength(1));

/** Which of these a deployment allows, its catalog says: see responses-switches.ts. */
const Tool = v.looseObject({ type: v.string() });

/** Every field that Weir passes on. One that is not here could cost money unmetered, or reach data of others. */
const ResponsesRequest = v.strictObject({
  model: v.pipe(v.string(), v.maxLength(100)),
  input: v.pipe(
    textOr(v.array(InputItem)),
    v.check((input) => input.length > 0, "must not be empty"),
  ),
  instructions: v.nullish(v.string()),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({})),
  max_output_tokens: v.nullish(Count),
  max_tool_calls: v.nullish(Count),
  reasoning: v.nullish(v.looseObject({ effort: v.nullish(v.string()) })),
  text: v.nullish(v.looseObject({ format: v.nullish(v.looseObject({ type: v.string() })) })),
  tools: v.nullish(v.array(Tool)),
  tool_choice: Any,
  parallel_tool_calls: Any,
  include: v.nullish(v.array(v.string())),
  store: v.nullish(v.boolean()),
  background: v.nullish(v.boolean()),
  previous_response_id: v.nullish(Id),
  conversation: v.nullish(v.lazy((given) => (typeof given === "object" ? v.strictObject({ id: Id }) : Id))),
  // Texts only: what a picture or a file in it costs has no bound here.
  prompt: v.nullish(
    v.strictObject({
      id: v.string(),
      version: v.nullish(v.string()),
      variables: v.nullish(v.record(v.string(), v.string("must be a text"))),
    }),
  ),
  service_tier: v.nullish(v.picklist(["auto", "default"])),
  temperature: Any,
  top_p: Any,
  top_logprobs: Any,
  truncation: Any,
  metadata: v.nullish(v.record(v.string(), v.unknown())),
  user: Any,
  safety_identifier: Any,
  prompt_cache_key: Any,
  prompt_cache_retention: Any,
});

export type ResponsesRequest = v.InferOutput<typeof ResponsesRequest>;

/** The id of the conversation that a request goes on from and adds to. */
export const conversationOf = ({ conversation }: ResponsesRequest): string | undefined =>
  typeof conversation === "string" ? conversation : conversation?.id;

export { ResponsesRequest as ResponsesRequestSchema };
