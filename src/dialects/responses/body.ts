// The Responses request for the provider: alias settings applied, refused parameters dropped.
// Sets `store: false` unless the caller's request stores the answer.

import type { ModelFeature } from "../../core/catalog/card.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Need } from "../../core/catalog/support.ts";
import type { Subject } from "../../core/gateway/exchange.ts";
import type { RequestBody } from "../openai/request-body.ts";
import { dropRefused, effortFor, measureBody, parameterNeeds } from "../openai/request-body.ts";
import type { ResponsesRequest } from "./request.ts";
import { jsonTexts, subjectOfTexts, textsIn } from "../openai/texts.ts";

/** Fields that are no input of the model, so they cost no tokens. */
const NOT_INPUT = new Set([
  "model",
  "stream",
  "stream_options",
  "store",
  "background",
  "include",
  "reasoning",
  "max_tool_calls",
  "service_tier",
  "truncation",
  "metadata",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "prompt_cache_options",
]);

/** The caller's field names for error messages, where they differ from OpenAI's. */
export type ResponsesFieldNames = Partial<Record<keyof ResponsesRequest, string>>;

/** Writes a Responses request for a model. Throws 400 for an effort that contradicts the alias. */
export function responsesBody<Request extends ResponsesRequest>(
  callerRequest: Request,
  model: Model,
  names: ResponsesFieldNames = {},
): RequestBody<Request> {
  const nameOf = (field: string) => names[field as keyof ResponsesRequest] ?? field;
  const effortField = names.reasoning ?? "reasoning.effort";
  const request = toSentRequest(model, callerRequest, effortField);
  return {
    request,
    needs: needsOf(request, nameOf, effortField),
    subject: responsesSubject(callerRequest),
    ...measureBody(request, {
      notInput: NOT_INPUT,
      images: imagesOf(request),
      limits: [callerRequest.max_output_tokens, model.fixed.max_output_tokens],
      outputParameter: "max_output_tokens",
    }),
  };
}

function toSentRequest<Request extends ResponsesRequest>(
  model: Model,
  callerRequest: Request,
  effortField: string,
): Request {
  const { max_output_tokens: _, ...kept } = callerRequest;
  const instructions = [model.fixed.instructions, callerRequest.instructions].filter(Boolean).join("\n\n");
  const effort = effortFor(callerRequest.reasoning?.effort, model, effortField);
  const sent = { ...kept, model: model.snapshot } as Request;
  // The provider stores every answer by default.
  if (!callerRequest.store) sent.store = false;
  // Reasoning without encrypted content is only a reference by id, which may be another user's.
  if (Array.isArray(sent.input)) {
    sent.input = sent.input.filter((item) => item.type !== "reasoning" || item["encrypted_content"]);
  }
  if (instructions !== "") sent.instructions = instructions;
  if (effort !== callerRequest.reasoning?.effort) sent.reasoning = { ...callerRequest.reasoning, effort };
  // Models without reasoning reject `reasoning.summary`.
  if (!model.card.reasoning && effort === undefined) delete sent.reasoning;
  dropRefused(sent, "responses", model);
  return sent;
}

function needsOf(request: ResponsesRequest, nameOf: (field: string) => string, effortField: string): Need[] {
  const needs = parameterNeeds(request, "responses", nameOf);
  const feature = (feature: ModelFeature, field: keyof ResponsesRequest) =>
    needs.push({ kind: "feature", feature, param: nameOf(field) });
  if (request.stream) feature("streaming", "stream");
  if (request.tools?.some(({ type }) => type === "function" || type === "custom")) feature("function_calling", "tools");
  if (request.text?.format?.type === "json_schema") feature("structured_outputs", "text");
  if (imagesOf(request).length > 0) needs.push({ kind: "input", modality: "image", param: nameOf("input") });
  const effort = request.reasoning?.effort;
  if (effort) needs.push({ kind: "effort", effort, param: effortField });
  return needs;
}

/** Returns the caller's text and images, for moderation. */
export function responsesSubject(request: ResponsesRequest): Subject {
  const { input, instructions, tools, text } = request;
  const extract = () => [...textsIn([instructions, input]), ...jsonTexts([tools, text])];
  return subjectOfTexts(extract, imagesOf(request));
}

/** The URLs of all images, including those in tool outputs. */
const imagesOf = (request: ResponsesRequest): string[] =>
  contentParts(request).flatMap(({ type, image_url: url }) => (type === "input_image" && url ? [url as string] : []));

interface ContentPart {
  type: string;
  image_url?: unknown;
  file_id?: unknown;
}

/** Returns the parts of all messages and tool outputs. */
export function contentParts({ input }: ResponsesRequest): ContentPart[] {
  const fields = Array.isArray(input) ? input.flatMap(({ content, output }): unknown[] => [content, output]) : [];
  return fields.flatMap((field) => (Array.isArray(field) ? (field as ContentPart[]) : []));
}
