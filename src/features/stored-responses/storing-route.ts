// POST /v1/responses and /input_tokens with storage. They replace the routes of the feature responses.

import { apiError } from "../../core/errors.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import { quotaName } from "../../core/quota/name.ts";
import { passWhole } from "../../dialects/openai/whole-answer.ts";
import { responsesDialect } from "../../dialects/responses/decode.ts";
import { withReasoning } from "../responses/exchange.ts";
import { createResponsesRoutes } from "../responses/routes.ts";
import { storingBody } from "./body.ts";
import { switchesOf } from "./catalog.ts";
import { requireOwn } from "./ownership.ts";
import { StoringRequestSchema } from "./request.ts";
import { isRunning, withStamp } from "./stamp.ts";

export const storingResponses = createResponsesRoutes({
  schema: StoringRequestSchema,
  async accept(caller, request, memo) {
    if (request.input === undefined && !request.prompt) {
      throw apiError("invalid_request", "'input' is required.", { param: "input" });
    }
    await requireOwn(caller, request);
    const { background, store, conversation } = request;
    const owner = await quotaName(caller.user, caller.env.QUOTA_PEPPER);
    const key = crypto.randomUUID();
    return {
      key,
      stream: request.stream ?? false,
      body(model, catalog) {
        const stampedRequest = withStamp(request, { owner, lease: key }, model.snapshot);
        return storingBody(withReasoning(stampedRequest, model, memo), model, switchesOf(catalog));
      },
      remains: background ? "work" : store || conversation ? "answer" : undefined,
      read: (text) =>
        background && isRunning(text)
          ? { progress: emptyProgress(), allText: () => "", conclude: () => text, settlesLater: true }
          : passWhole(text, responsesDialect),
    };
  },
});
