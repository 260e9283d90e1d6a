// The schema of /v1/responses requests with storage, stored prompts and hosted tools.

import * as v from "valibot";
import { mapOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import { toolsOf } from "../../dialects/openai/request-fields.ts";
import { ResponsesRequestSchema } from "../../dialects/responses/request.ts";

const Id = v.pipe(textUpTo(200), v.minLength(1));

const StoringRequest = v.strictObject({
  ...ResponsesRequestSchema.entries,
  // A stored prompt may hold all input.
  input: v.optional(ResponsesRequestSchema.entries.input),
  store: v.nullish(v.boolean()),
  background: v.nullish(v.boolean()),
  previous_response_id: v.nullish(Id),
  conversation: v.nullish(v.lazy((given) => (typeof given === "object" ? v.strictObject({ id: Id }) : Id))),
  // Only text variables: images and files in a prompt have no known bound.
  prompt: v.nullish(
    v.strictObject({
      id: v.string(),
      version: v.nullish(v.string()),
      variables: v.nullish(mapOf(v.string(), 100)),
    }),
  ),
  /** switches.ts checks these against the catalog. */
  tools: toolsOf(v.looseObject({ type: textUpTo(100) })),
});

export type StoringRequest = v.InferOutput<typeof StoringRequest>;

export { StoringRequest as StoringRequestSchema };

/** Returns the id of the conversation that a request continues. */
export const conversationOf = ({ conversation }: StoringRequest): string | undefined =>
  typeof conversation === "string" ? conversation : conversation?.id;
