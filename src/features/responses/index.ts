// The feature responses: POST /v1/responses and /v1/responses/input_tokens, metered. Nothing is stored.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Feature } from "../../core/feature.ts";
import { validate } from "../../core/http/json-body.ts";
import { responsesBody } from "../../dialects/responses/body.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import { ResponsesRequestSchema } from "../../dialects/responses/request.ts";
import { responsesUsageOf } from "../../dialects/responses/response-body.ts";
import type { AcceptedRequest } from "./exchange.ts";
import { passResponses, withReasoning } from "./exchange.ts";
import { refuseInputFiles } from "./input-files.ts";
import { createResponsesRoutes } from "./routes.ts";

const app = createResponsesRoutes({
  schema: ResponsesRequestSchema,
  accept: async (_, request, memo) => acceptStateless(request, (model) => withReasoning(request, model, memo)),
});

/** Accepts a request whose answer is not stored. `complete` returns it with the fields that Weir adds for a model. */
function acceptStateless(request: ResponsesRequest, complete: (model: Model) => ResponsesRequest): AcceptedRequest {
  return { stream: request.stream ?? false, body: (model) => responsesBody(complete(model), model) };
}

/** No request follows a line of a batch, so it needs no encrypted reasoning. */
function lineToCall(body: unknown) {
  const request = validate(ResponsesRequestSchema, body);
  refuseInputFiles(request);
  return { model: request.model, ways: [passResponses(acceptStateless(request, () => request))] };
}

export const responses: Feature = {
  name: "responses",
  serves: ["responses"],
  batchRoutes: [{ url: "/v1/responses", toCall: lineToCall, usageOf: responsesUsageOf }],
  routes: [
    {
      path: "/v1/responses",
      access: "user",
      app,
      summary: "`POST`: OpenAI's, metered; streams or not. `POST /input_tokens` counts the input",
    },
  ],
};
