// A Responses request as an exchange that passes the answer on, or that only counts its input.

import type { Catalog } from "../../core/catalog/schema.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Ask, Way, WholeAnswer } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import type { RequestBody } from "../../dialects/openai/request-body.ts";
import { passWhole } from "../../dialects/openai/whole-answer.ts";
import { COUNTER_PATH, countResponsesInput } from "../../dialects/responses/count.ts";
import { responsesDialect } from "../../dialects/responses/decode.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import { passResponsesEvents } from "./codec.ts";

const endpoint = "responses";

/** A request that may be sent. A feature that stores answers decides more of it than the model. */
export interface AcceptedRequest {
  stream: boolean;
  body: (model: Model, catalog: Catalog) => RequestBody<ResponsesRequest>;
  /** What goes on at the provider after the answer or after the request. */
  outlives?: Ask["outlives"];
  /** Reads an answer that is not streamed; passes it on when absent. */
  read?: (text: string) => WholeAnswer;
}

/** The request with the answer as the provider gives it. */
export function passResponses({ stream, body, outlives, read }: AcceptedRequest): Way {
  return {
    endpoint,
    prepare(model, catalog) {
      const { request, ...ask } = body(model, catalog);
      return {
        ask: { endpoint, ...ask, count: () => countResponsesInput(request), outlives },
        reply: stream
          ? { kind: "stream", dialect: responsesDialect, events: passResponsesEvents }
          : { kind: "json", read: read ?? ((text) => passWhole(text, responsesDialect)) },
      };
    },
  };
}

/** The exact count of the request's input, which costs a request and no tokens. */
export function countResponses({ body }: AcceptedRequest): Way {
  return {
    endpoint,
    prepare(model, catalog) {
      const { request, needs } = body(model, catalog);
      return {
        ask: {
          endpoint,
          path: COUNTER_PATH,
          needs: [...needs, { kind: "count", param: "model" }],
          demand: { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, free: true },
          // Nothing is answered that could be moderated.
          subject: undefined,
          write: () => jsonBody(countResponsesInput(request)),
        },
        reply: {
          kind: "json",
          read: (text) => ({ progress: emptyProgress(), moderatedText: () => "", conclude: () => text }),
        },
      };
    },
  };
}

/**
 * Asks for the encrypted reasoning, unless the answer is stored: clients send it back with the next request, since nothing
 * else remembers it.
 */
export function withReasoning<Request extends ResponsesRequest>(request: Request, { card }: Model): Request {
  if (request.store || !card.reasoning) return request;
  return { ...request, include: [...new Set([...(request.include ?? []), "reasoning.encrypted_content"])] };
}
