// Validated storing requests, and the body that the provider receives for them.

import * as v from "valibot";
// Installs the catalog section `responses`.
import "../../../../src/features.ts";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import { storingBody } from "../../../../src/features/stored-responses/body.ts";
import type { ResponsesSwitches } from "../../../../src/features/stored-responses/catalog.ts";
import { switchesOf } from "../../../../src/features/stored-responses/catalog.ts";
import { StoringRequestSchema } from "../../../../src/features/stored-responses/request.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { bundledCatalog, bundledModel } from "../../../support/catalog-documents.ts";

/** Every switch on, with a prompt and two hosted tools. */
export const EVERYTHING: ResponsesSwitches = {
  ...switchesOf(bundledCatalog()),
  store: true,
  background: true,
  conversations: true,
  prompts: { pmpt_1: { input_tokens: 500 } },
  hosted_tools: {
    web_search: { usd_per_call: 0.01, input_tokens_per_call: 8000, fields: { search_context_size: "low" } },
    code_interpreter: { usd_per_call: 0.03, input_tokens_per_call: 1000, fields: { container: { type: "auto" } } },
  },
};

/** A request with the text "Hi" and changed fields. */
export const storingRequest = (changes: Json = {}) =>
  v.parse(StoringRequestSchema, { model: "o4-mini", input: "Hi", ...changes });

/** The prepared body of a request. Throws the refusal. */
export const preparedStoring = (
  changes: Json = {},
  switches: Partial<ResponsesSwitches> = {},
  model: Model = bundledModel("o4-mini"),
) => storingBody(storingRequest(changes), model, { ...EVERYTHING, ...switches });
