// The catalog section `responses`: what /v1/responses may do beyond answering. All of it is off by default.

import * as v from "valibot";
import { CatalogName, WholeNumber } from "../../core/catalog/card.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import type { CatalogSection } from "../../core/catalog/sections.ts";

/** The most that one call of a tool costs that the provider runs: its price, and the tokens that it shows the model. */
const HostedTool = v.strictObject({
  usd_per_call: v.pipe(v.number(), v.minValue(0)),
  input_tokens_per_call: WholeNumber,
  /** Sent to the provider beside the tool's type. Callers cannot set them, since they may name other users' data. */
  fields: v.optional(v.record(v.string(), v.unknown()), {}),
});

const ResponsesSwitches = v.strictObject({
  /** Answers that the provider stores, and requests that go on from them. Each belongs to the user who asked for it. */
  store: v.optional(v.boolean(), false),
  /** Answers that go on without a caller; they must be stored. */
  background: v.optional(v.boolean(), false),
  /** Conversations that the provider stores, each for one user. */
  conversations: v.optional(v.boolean(), false),
  /** Prompts that the provider stores for the operator, by their id, and how many tokens each has at most. */
  prompts: v.optional(v.record(CatalogName, v.strictObject({ input_tokens: WholeNumber })), {}),
  /** Tools that the provider runs, by their type. */
  hosted_tools: v.optional(v.record(CatalogName, HostedTool), {}),
  /** How often an answer may call such tools. */
  max_tool_calls: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 8),
});

export type ResponsesSwitches = v.InferOutput<typeof ResponsesSwitches>;

/** The switches of a catalog. */
export const switchesOf = (catalog: Catalog): ResponsesSwitches =>
  (catalog as Catalog & { responses: ResponsesSwitches }).responses;

export const responsesSection: CatalogSection = {
  root: { responses: v.optional(ResponsesSwitches, {}) },
  faults(catalog) {
    const { background, store } = switchesOf(catalog);
    return background && !store ? ["responses.background: needs responses.store"] : [];
  },
};
