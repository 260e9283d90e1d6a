// The feature responses: POST /v1/responses and /v1/responses/input_tokens, metered. Nothing is stored.

import type { Feature } from "../../core/feature.ts";
import { responsesBody } from "../../dialects/responses/body.ts";
import { ResponsesRequestSchema } from "../../dialects/responses/request.ts";
import { withReasoning } from "./exchange.ts";
import { createResponsesRoutes } from "./routes.ts";

const app = createResponsesRoutes({
  schema: ResponsesRequestSchema,
  accept: async (_, request, memo) => ({
    stream: request.stream ?? false,
    body: (model) => responsesBody(withReasoning(request, model, memo), model),
  }),
});

export const responses: Feature = {
  name: "responses",
  serves: ["responses"],
  routes: [
    {
      path: "/v1/responses",
      access: "user",
      app,
      summary: "`POST`: OpenAI's, metered; streams or not. `POST /input_tokens` counts the input",
    },
  ],
};
