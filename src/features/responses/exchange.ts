// The Responses exchanges: one passes the provider's answer through, one counts input tokens.

import type { Catalog } from "../../core/catalog/schema.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Ask, Way, WholeAnswer } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { COUNTER_PATH } from "../../core/gateway/provider.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import type { RequestBody } from "../../dialects/openai/request-body.ts";
import { passWhole } from "../../dialects/openai/whole-answer.ts";
import { countResponsesInput } from "../../dialects/responses/count.ts";
import { responsesDialect } from "../../dialects/responses/decode.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import { passResponsesEvents } from "./codec.ts";
import { withMemo } from "./memo.ts";

const endpoint = "responses";

/** A request that has been validated and accepted. A feature that stores answers sets `remains` and `read`. */
export interface AcceptedRequest {
  stream: boolean;
  body: (model: Model, catalog: Catalog) => RequestBody<ResponsesRequest>;
  /** Set when the work continues at the provider after the answer or after the request. */
  remains?: Ask["remains"];
  /** Reads an answer that is not streamed. By default the answer is passed through. */
  read?: (text: string) => WholeAnswer;
  /** Adds a memo to the answer. */
  memo?: boolean;
}

/** A Responses request whose answer is passed through. */
export function passResponses({ stream, body, remains, memo = false, read = passAnswer }: AcceptedRequest): Way {
  return {
    endpoint,
    prepare(model, catalog) {
      const { request, ...ask } = body(model, catalog);
      return {
        ask: { endpoint, ...ask, count: () => countResponsesInput(request), remains },
        reply: stream
          ? { kind: "stream", dialect: responsesDialect, events: passResponsesEvents({ memo }) }
          : { kind: "json", read: memo ? (text) => addMemo(read(text)) : read },
      };
    },
  };
}

const passAnswer = (text: string) => passWhole(text, responsesDialect);

const addMemo = (answer: WholeAnswer): WholeAnswer => ({
  ...answer,
  conclude: (settled) => withMemo(answer.conclude(settled)),
});

/** A request for the exact input token count. It costs a request and no tokens. */
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
          // The answer holds no text to moderate.
          subject: undefined,
          write: () => jsonBody(countResponsesInput(request)),
        },
        reply: {
          kind: "json",
          read: (text) => ({ progress: emptyProgress(), allText: () => "", conclude: () => text }),
        },
      };
    },
  };
}

/**
 * Adds `reasoning.encrypted_content` to `include`, unless the answer is stored and has no memo. Clients return it with
 * the next request, because no server stores the reasoning.
 */
export function withReasoning<Request extends ResponsesRequest>(
  request: Request,
  { card }: Model,
  memo = false,
): Request {
  if ((request.store && !memo) || !card.reasoning) return request;
  return { ...request, include: [...new Set([...(request.include ?? []), "reasoning.encrypted_content"])] };
}
