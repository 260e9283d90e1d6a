// The catalog section `responses`: switches for storage, background and hosted tools. All default to off.

import * as v from "valibot";
import { CatalogName, WholeNumber } from "../../core/catalog/card.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import type { CatalogSection } from "../../core/catalog/sections.ts";

/** The cost bound of one call of a hosted tool: its price, and the input tokens that its result adds. */
const HostedTool = v.strictObject({
  usd_per_call: v.pipe(v.number(), v.minValue(0)),
  input_tokens_per_call: WholeNumber,
  /** The tool's fields, sent beside its type. Only operators set them, because they may refer to other users' data. */
  fields: v.optional(v.record(v.string(), v.unknown()), {}),
});

const ResponsesSwitches = v.strictObject({
  /** Stored answers, and requests that continue from them. Each answer belongs to the user who requested it. */
  store: v.optional(v.boolean(), false),
  /** Background responses, which continue without a connection. They must be stored. */
  background: v.optional(v.boolean(), false),
  /** Conversations stored at the provider, each for one user. */
  conversations: v.optional(v.boolean(), false),
  /** The operator's stored prompts by id, each with its maximum number of tokens. */
  prompts: v.optional(v.record(CatalogName, v.strictObject({ input_tokens: WholeNumber })), {}),
  /** Tools that run at the provider, by type. */
  hosted_tools: v.optional(v.record(CatalogName, HostedTool), {}),
  /** The maximum number of hosted tool calls in an answer. */
  max_tool_calls: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 8),
});

export type ResponsesSwitches = v.InferOutput<typeof ResponsesSwitches>;

/** Returns the section `responses` of a catalog. */
export const switchesOf = (catalog: Catalog): ResponsesSwitches =>
  (catalog as Catalog & { responses: ResponsesSwitches }).responses;

export const responsesSection: CatalogSection = {
  root: { responses: v.optional(ResponsesSwitches, {}) },
  faults(catalog) {
    const { background, store } = switchesOf(catalog);
    return background && !store ? ["responses.background: needs responses.store"] : [];
  },
};
