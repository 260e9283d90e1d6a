// The slim exchange, over Chat Completions or Responses, depending on the model's card.

import type { Endpoint } from "../../core/catalog/endpoints.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Call } from "../../core/gateway/call.ts";
import type { Ask, StreamReply } from "../../core/gateway/exchange.ts";
import type { Dialect } from "../../core/relay/dialect.ts";
import { chatBody } from "../../dialects/chat-completions/body.ts";
import { countChatInput } from "../../dialects/chat-completions/count.ts";
import { chatDialect } from "../../dialects/chat-completions/decode.ts";
import { responsesBody } from "../../dialects/responses/body.ts";
import { countResponsesInput } from "../../dialects/responses/count.ts";
import { responsesDialect } from "../../dialects/responses/decode.ts";
import { slimEvents } from "./codec.ts";
import type { SlimRequest } from "./request.ts";
import { toSlimField } from "./request.ts";
import { slimToChat } from "./to-chat-completions.ts";
import { slimToResponses } from "./to-responses.ts";
import { createCallId } from "./tool-calls.ts";
import type { SlimAnswer } from "./whole-answer.ts";
import { slimWhole } from "./whole-answer.ts";

/** A slim request in one dialect of the provider. */
export interface SlimWay {
  endpoint: Endpoint;
  prepare(model: Model): { ask: Ask; reply: SlimReply };
}

export type SlimReply = StreamReply | { kind: "json"; read(text: string): SlimAnswer };

/** Returns the metered call of a slim request. */
export const slimCall = (request: SlimRequest): Call => ({ model: request.model, ways: slimWays(request) });

/** Slim field names by their name in Chat Completions and in Responses, where the names differ. */
const CHAT_FIELDS = {
  messages: "input",
  reasoning_effort: "effort",
  response_format: "format",
  max_completion_tokens: "max_output_tokens",
};
const RESPONSES_FIELDS = { reasoning: "effort", text: "format" };

/**
 * Returns the slim request in each possible dialect, the preferred one first. Only Responses supports reasoning
 * summaries. `formatName` is the name of the JSON Schema in the request to the provider.
 */
export function slimWays(request: SlimRequest, formatName = "answer"): SlimWay[] {
  const overResponses = overDialect(request, "responses", responsesDialect, RESPONSES_FIELDS, (model) => {
    const { request: sent, ...ask } = responsesBody(slimToResponses(request, formatName), model, RESPONSES_FIELDS);
    return { ...ask, count: () => countResponsesInput(sent) };
  });
  if (request.reasoning) return [overResponses];
  const overChat = overDialect(request, "chat_completions", chatDialect, CHAT_FIELDS, (model) => {
    const { request: sent, ...ask } = chatBody(slimToChat(request, formatName), model, CHAT_FIELDS);
    return { ...ask, count: () => countChatInput(sent) };
  });
  return [overChat, overResponses];
}

function overDialect(
  { stream }: SlimRequest,
  endpoint: Endpoint,
  dialect: Dialect,
  names: Record<string, string>,
  askOf: (model: Model) => Omit<Ask, "endpoint">,
): SlimWay {
  const callerField = (param: string) => toSlimField(param, names);
  const reply: SlimReply = stream
    ? { kind: "stream", dialect, events: slimEvents(callerField, createCallId) }
    : { kind: "json", read: (text) => slimWhole(text, dialect, createCallId) };
  return { endpoint, prepare: (model) => ({ ask: { endpoint, ...askOf(model), callerField }, reply }) };
}
