// Validated slim requests, and their exchanges in either dialect.

import * as v from "valibot";
import type { Endpoint } from "../../../../src/core/catalog/endpoints.ts";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import { slimWays } from "../../../../src/features/slim-chat/exchange.ts";
import { SlimRequest } from "../../../../src/features/slim-chat/request.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";

const O4_MINI = bundledModel("o4-mini");

/** A request to /chat with the text "Hi" and changed fields. */
export const slimRequest = (changes: Json = {}): SlimRequest => v.parse(SlimRequest, { input: "Hi", ...changes });

const over =
  (endpoint: Endpoint) =>
  (changes: Json = {}, model: Model = O4_MINI) => {
    const way = slimWays(slimRequest(changes)).find((each) => each.endpoint === endpoint);
    if (!way) throw new Error(`this request has no form in ${endpoint}`);
    return way.prepare(model);
  };

/** The exchange of a request with changed fields. Throws the refusal. */
export const slimOverChat = over("chat_completions");
export const slimOverResponses = over("responses");
