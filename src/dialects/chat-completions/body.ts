// The Chat Completions request to the provider.
// It sets model, output bound, usage and the alias's fixed values, and drops parameters that the card refuses.

import type { ModelFeature } from "../../core/catalog/card.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Need } from "../../core/catalog/support.ts";
import type { ChatRequest } from "./request.ts";
import type { RequestBody } from "../openai/request-body.ts";
import { jsonTexts, subjectOfTexts, textsIn } from "../openai/texts.ts";
import { dropRefused, effortFor, measureBody, parameterNeeds, requestUsage } from "../openai/request-body.ts";

/** Fields that are no input of the model, so they cost no tokens. */
const NOT_INPUT = new Set([
  "model",
  "stream",
  "stream_options",
  "n",
  "reasoning_effort",
  "service_tier",
  "store",
  "prompt_cache_retention",
  "prompt_cache_options",
]);

/** The caller's field names for error messages, where they differ from OpenAI's. */
export type ChatFieldNames = Partial<Record<keyof ChatRequest, string>>;

/** Writes a Chat Completions request for a model. Throws 400 for an effort that contradicts the alias. */
export function chatBody(
  callerRequest: ChatRequest,
  model: Model,
  names: ChatFieldNames = {},
): RequestBody<ChatRequest> {
  const nameOf = (field: string) => names[field as keyof ChatRequest] ?? field;
  const request = toSentRequest(model, callerRequest, nameOf("reasoning_effort"));
  return {
    request,
    needs: needsOf(request, nameOf),
    subject: subjectOfTexts(
      () => [...textsIn(callerRequest.messages), ...jsonTexts(otherInputs(callerRequest))],
      imagesOf(callerRequest),
      nameOf("messages"),
    ),
    ...measureBody(request, {
      notInput: NOT_INPUT,
      images: imagesOf(request),
      choices: request.n ?? 1,
      limits: [callerRequest.max_completion_tokens ?? callerRequest.max_tokens, model.fixed.max_output_tokens],
      outputParameter: model.card.output_parameter,
    }),
  };
}

function toSentRequest(model: Model, callerRequest: ChatRequest, effortField: string): ChatRequest {
  const { max_tokens: _, max_completion_tokens: __, reasoning_effort, ...kept } = callerRequest;
  const { instructions } = model.fixed;
  const effort = effortFor(reasoning_effort, model, effortField);
  const sent: ChatRequest = { ...kept, model: model.snapshot };
  if (effort !== undefined) sent.reasoning_effort = effort;
  if (instructions !== undefined)
    sent.messages = [{ role: "system", content: instructions }, ...callerRequest.messages];
  requestUsage(sent, "chat_completions", model);
  dropRefused(sent, "chat_completions", model);
  return sent;
}

function needsOf(request: ChatRequest, nameOf: (field: string) => string): Need[] {
  const needs = parameterNeeds(request, "chat_completions", nameOf);
  const feature = (feature: ModelFeature, field: keyof ChatRequest) =>
    needs.push({ kind: "feature", feature, param: nameOf(field) });
  if (request.stream) feature("streaming", "stream");
  if (request.tools?.length) feature("function_calling", "tools");
  if (request.functions?.length) feature("function_calling", "functions");
  if (request.response_format?.type === "json_schema") feature("structured_outputs", "response_format");
  if (request.prediction) feature("predicted_outputs", "prediction");
  if (imagesOf(request).length > 0) needs.push({ kind: "input", modality: "image", param: nameOf("messages") });
  for (const modality of request.modalities ?? []) {
    if (modality !== "text") needs.push({ kind: "output", modality, param: nameOf("modalities") });
  }
  if (request.reasoning_effort) {
    needs.push({ kind: "effort", effort: request.reasoning_effort, param: nameOf("reasoning_effort") });
  }
  return needs;
}

/** The fields beside the messages that are input of the model. */
const otherInputs = ({ tools, functions, response_format, prediction, stop }: ChatRequest) => [
  tools,
  functions,
  response_format,
  prediction,
  stop,
];

/** The URLs of all images in the messages. */
function imagesOf({ messages }: ChatRequest): string[] {
  return messages.flatMap(({ content }) =>
    (Array.isArray(content) ? content : []).flatMap((part) => (part.type === "image_url" ? [part.image_url.url] : [])),
  );
}
