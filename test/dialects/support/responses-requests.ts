// Validated Responses requests, and the body that the provider receives for them.

import * as v from "valibot";
import type { Model } from "../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../src/core/catalog/schema.ts";
import { requireSupport } from "../../../src/core/catalog/support.ts";
import type { Ask } from "../../../src/core/gateway/exchange.ts";
import { responsesBody } from "../../../src/dialects/responses/body.ts";
import type { ResponsesRequest } from "../../../src/dialects/responses/request.ts";
import { ResponsesRequestSchema } from "../../../src/dialects/responses/request.ts";
import { bundledCatalog, bundledModel } from "../../support/catalog-documents.ts";
import type { Json } from "./responses-events.ts";

const O4_MINI = bundledModel("o4-mini");

/** The JSON of a request as it is sent, with 500 output tokens granted. */
export const sentJson = (ask: Pick<Ask, "write">): Json =>
  JSON.parse(ask.write({ maxOutputTokens: 500 }).body as string) as Json;

/** A request with the text "Hi" and changed fields. */
export const responsesRequest = (changes: Json = {}): ResponsesRequest =>
  v.parse(ResponsesRequestSchema, { model: "o4-mini", input: "Hi", ...changes });

/** The prepared body of a Responses request. Throws the refusal. */
export const preparedBody = (changes: Json = {}, model: Model = O4_MINI) =>
  responsesBody(responsesRequest(changes), model);

/** The JSON that the provider receives, with 500 output tokens granted. */
export const writtenBody = (...how: Parameters<typeof preparedBody>): Json => sentJson(preparedBody(...how));

/** The same, after the check of the model's card. Throws the refusal. */
export function gatedBody(changes: Json = {}, model: Model = O4_MINI, catalog: Catalog = bundledCatalog()): Json {
  const body = preparedBody(changes, model);
  requireSupport(catalog, model, body.needs, Date.parse("2026-10-01"));
  return sentJson(body);
}
