// Responses requests after validation, and the body that the provider receives for them.

import * as v from "valibot";
import type { Model } from "../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../src/core/catalog/schema.ts";
import { requireSupport } from "../../../src/core/catalog/support.ts";
import { responsesBody } from "../../../src/dialects/responses/body.ts";
import type { ResponsesRequest } from "../../../src/dialects/responses/request.ts";
import { ResponsesRequestSchema } from "../../../src/dialects/responses/request.ts";
import { bundledCatalog, bundledModel } from "../../support/catalog-documents.ts";

type Json = Record<string, unknown>;

const O4_MINI = bundledModel("o4-mini");
type Switches = Catalog["responses"];

/** A request that says "Hi", with changed fields. */
export const responsesRequest = (changes: Json = {}): ResponsesRequest =>
  v.parse(ResponsesRequestSchema, { model: "o4-mini", input: "Hi", ...changes });

/** The bundled catalog, with these switches on under `responses`. */
export function catalogAllowing(switches: Partial<Switches> = {}): Catalog {
  const catalog = bundledCatalog();
  return { ...catalog, responses: { ...catalog.responses, ...switches } };
}

/** Every switch on, with a prompt and two hosted tools. */
export const EVERYTHING: Partial<Switches> = {
  store: true,
  background: true,
  conversations: true,
  prompts: { pmpt_1: { input_tokens: 500 } },
  hosted_tools: {
    web_search: { usd_per_call: 0.01, input_tokens_per_call: 8000, fields: { search_context_size: "low" } },
    code_interpreter: { usd_per_call: 0.03, input_tokens_per_call: 1000, fields: { container: { type: "auto" } } },
  },
};

/** The prepared body of a Responses request. Throws the refusal. */
export const preparedBody = (changes: Json = {}, model: Model = O4_MINI, catalog: Catalog = bundledCatalog()) =>
  responsesBody(responsesRequest(changes), model, catalog.responses);

/** The JSON that the provider receives, with 500 output tokens granted. */
export const writtenBody = (...how: Parameters<typeof preparedBody>): Json =>
  JSON.parse(preparedBody(...how).write(500)) as Json;

/** The same, after the model's card was checked for what the request needs. Throws the refusal. */
export function gatedBody(...how: Parameters<typeof preparedBody>): Json {
  const [, model = O4_MINI, catalog = bundledCatalog()] = how;
  requireSupport(catalog, model, preparedBody(...how).needs, Date.parse("2026-10-01"));
  return writtenBody(...how);
}
