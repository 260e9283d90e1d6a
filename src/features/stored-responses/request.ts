// The schema of /v1/responses requests that may store, go on from what is stored, or use the provider's tools.

import * as v from "valibot";
import { ResponsesRequestSchema } from "../../dialects/responses/request.ts";

const Id = v.pipe(v.string(), v.minLength(1));

const StoringRequest = v.strictObject({
  ...ResponsesRequestSchema.entries,
  store: v.nullish(v.boolean()),
  background: v.nullish(v.boolean()),
  previous_response_id: v.nullish(Id),
  conversation: v.nullish(v.lazy((given) => (typeof given === "object" ? v.strictObject({ id: Id }) : Id))),
  // Texts only: an image or a file in a prompt has no bound here.
  prompt: v.nullish(
    v.strictObject({
      id: v.string(),
      version: v.nullish(v.string()),
      variables: v.nullish(v.record(v.string(), v.string("must be a text"))),
    }),
  ),
  /** The catalog says which of these are allowed: see switches.ts. */
  tools: v.nullish(v.array(v.looseObject({ type: v.string() }))),
});

export type StoringRequest = v.InferOutput<typeof StoringRequest>;

export { StoringRequest as StoringRequestSchema };

/** The id of the conversation that a request goes on from and adds to. */
export const conversationOf = ({ conversation }: StoringRequest): string | undefined =>
  typeof conversation === "string" ? conversation : conversation?.id;
