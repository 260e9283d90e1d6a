// Requests to /v1/responses as Weir has read them, and the body that the provider gets of them.

import * as v from "valibot";
import type { Model } from "../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { requireSupport } from "../../src/core/catalog/support.ts";
import type { Exchange } from "../../src/core/gateway/exchange.ts";
import { passResponses, slimResponses } from "../../src/features/responses/exchange.ts";
import type { ResponsesRequest } from "../../src/dialects/responses/request.ts";
import { ResponsesRequestSchema } from "../../src/dialects/responses/request.ts";
import type { Stamp } from "../../src/features/stored-responses/stamp.ts";
import { bundledCatalog, bundledModel } from "./catalog-documents.ts";
import { slimRequest } from "./chat-requests.ts";
import { prepared } from "./ways.ts";

type Json = Record<string, unknown>;
type Switches = Catalog["responses"];

export const STAMP: Stamp = { owner: "the owner", lease: "the lease" };

/** A request to /v1/responses that says "Hi" and whatever else is given. */
export const responsesRequest = (changes: Json = {}): ResponsesRequest =>
  v.parse(ResponsesRequestSchema, { model: "o4-mini", input: "Hi", ...changes });

/** The bundled catalog, which allows that much under `responses`. */
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

/** How a model answers a request to /v1/responses. Throws what the caller is refused with. */
export const preparedResponses = (
  changes: Json = {},
  model: Model = bundledModel("o4-mini"),
  catalog: Catalog = bundledCatalog(),
): Exchange => prepared(passResponses(responsesRequest(changes), STAMP), model, catalog);

/** What the provider gets of it, with 500 output tokens granted. */
export const writtenResponses = (...how: Parameters<typeof preparedResponses>): Json =>
  JSON.parse(preparedResponses(...how).write(500)) as Json;

/** The same for a request that the model's card must support. Throws what the caller is refused with. */
export function gatedResponses(...how: Parameters<typeof preparedResponses>): Json {
  const [, model = bundledModel("o4-mini"), catalog = bundledCatalog()] = how;
  const exchange = preparedResponses(...how);
  requireSupport(catalog, model, exchange.needs, Date.parse("2026-10-01"));
  return JSON.parse(exchange.write(500)) as Json;
}

/** What the provider gets of a request to /chat over Responses, with 500 output tokens granted. */
export const writtenSlimResponses = (changes: Json = {}, model: Model = bundledModel("o4-mini")): Json =>
  JSON.parse(prepared(slimResponses(slimRequest(changes)), model).write(500)) as Json;
