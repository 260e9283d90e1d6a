// uses: stored-responses
// Requests to /v1/responses, prepared for a model.

import type { Model } from "../../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Exchange } from "../../../../src/core/gateway/exchange.ts";
import { passResponses } from "../../../../src/features/responses/exchange.ts";
import type { Stamp } from "../../../../src/features/stored-responses/stamp.ts";
import { responsesRequest } from "../../../dialects/support/responses-requests.ts";
import { bundledCatalog, bundledModel } from "../../../support/catalog-documents.ts";
import { prepared } from "../../../support/ways.ts";

type Json = Record<string, unknown>;

const O4_MINI = bundledModel("o4-mini");

export const STAMP: Stamp = { owner: "the owner", lease: "the lease" };

/** The exchange of a request with a model. Throws the refusal. */
export const preparedResponses = (
  changes: Json = {},
  model: Model = O4_MINI,
  catalog: Catalog = bundledCatalog(),
): Exchange => prepared(passResponses(responsesRequest(changes), STAMP), model, catalog);

/** The JSON that the provider receives, with 500 output tokens granted. */
export const writtenResponses = (...how: Parameters<typeof preparedResponses>): Json =>
  JSON.parse(preparedResponses(...how).write(500)) as Json;
