// The ways to have an answer over Responses: passed on as it is, slim, and only counted.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import { createSlimCodec } from "../slim-chat/codec.ts";
import type { Exchange, Way } from "../../core/gateway/exchange.ts";
import type { RequestBody } from "../../dialects/openai/request-body.ts";
import { PLAIN } from "../../dialects/openai/plain.ts";
import { readResponse, readResponsesEvent, responsesWords } from "../../dialects/responses/decode.ts";
import { responsesBody } from "../../dialects/responses/body.ts";
import { createResponsesPassCodec } from "./codec.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import { slimToResponses } from "../slim-chat/to-responses.ts";
import type { SlimRequest } from "../slim-chat/request.ts";
import { slimField } from "../slim-chat/request.ts";
import type { Stamp } from "../stored-responses/stamp.ts";
import { goesOn, stamped } from "../stored-responses/stamp.ts";
import { passWhole, slimWhole } from "../../dialects/openai/whole-answer.ts";

const endpoint = "responses";

/** /v1/responses as the provider has it. What is stored carries its stamp. */
export function passResponses(request: ResponsesRequest, stamp: Stamp): Way {
  const { background, store, conversation } = request;
  const asked = (model: Model) => withReasoning(stamped(request, stamp, model.snapshot), model);
  return overResponses((model, switches) => responsesBody(asked(model), model, switches), {
    outlives: background ? "request" : store || conversation ? "answer" : undefined,
    codec: createResponsesPassCodec,
    read: (text) =>
      background && goesOn(text)
        ? { progress: emptyProgress(), said: "", goesOn: text, conclude: () => text }
        : passWhole(text, readResponse),
  });
}

const SLIM_NAMES = { reasoning: "effort", text: "format" };

const fieldOf = (param: string) => slimField(param, SLIM_NAMES);

/** /chat over Responses. */
export function slimResponses(request: SlimRequest, formatName = "answer"): Way {
  const asked = slimToResponses(request, formatName);
  return overResponses((model, switches) => responsesBody(asked, model, switches, SLIM_NAMES), {
    fieldOf,
    codec: () => createSlimCodec(readResponsesEvent, fieldOf),
    read: (text) => slimWhole(text, readResponse),
  });
}

function overResponses(
  bodyFor: (model: Model, switches: Catalog["responses"]) => RequestBody<ResponsesRequest>,
  form: Pick<Exchange, "fieldOf" | "codec" | "read" | "outlives">,
): Way {
  return {
    endpoint,
    prepare(model, { responses }) {
      const { request: sent, ...body } = bodyFor(model, responses);
      return {
        endpoint,
        ...body,
        ...form,
        count: () => countBody(sent),
        dialect: readResponsesEvent,
        words: responsesWords,
      };
    },
  };
}

/** /v1/responses/input_tokens: the exact count, which costs a request and no tokens. */
export function countResponses(request: ResponsesRequest): Way {
  return {
    endpoint,
    prepare(model, catalog) {
      const { request: sent, needs, demand } = responsesBody(request, model, catalog.responses);
      return {
        ...PLAIN,
        endpoint,
        path: "/responses/input_tokens",
        needs: [...needs, { kind: "count", param: "model" }],
        demand: { ...demand, inputBytes: 0, images: 0, uncounted: false, exclusive: undefined, free: true },
        write: () => countBody(sent),
      };
    },
  };
}

/**
 * What is not stored must be sent back, and what a model thought is part of that: asked for unless it is stored, so that
 * clients that send back all that they got can go on.
 */
function withReasoning(request: ResponsesRequest, { card }: Model): ResponsesRequest {
  if (request.store || !card.reasoning) return request;
  return { ...request, include: [...new Set([...(request.include ?? []), "reasoning.encrypted_content"])] };
}

/** What the counter takes of a request as it is sent: all that the model is shown. */
function countBody(sent: ResponsesRequest): string {
  const { model, input, instructions, tools, tool_choice, text, reasoning, previous_response_id, conversation } = sent;
  return JSON.stringify({
    model,
    input,
    instructions,
    tools,
    tool_choice,
    text,
    reasoning,
    previous_response_id,
    conversation,
  });
}
