// What the provider gets of a request to Responses: the same, except for the model's name, the output bound, what an
// alias has fixed, that nothing is stored, and parameters that the model's card refuses.

import type { Feature } from "../catalog/card.ts";
import type { Model } from "../catalog/resolve.ts";
import type { Catalog } from "../catalog/schema.ts";
import { entry } from "../catalog/schema.ts";
import type { Need } from "../catalog/support.ts";
import type { RequestBody } from "./request-body.ts";
import { dropRefused, effortFor, measure, parameterNeeds } from "./request-body.ts";
import type { ResponsesRequest } from "./responses-request.ts";
import { hostedTools, requireAllowed } from "./responses-switches.ts";

const UNSEEN = new Set([
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
]);

export type FieldNames = Partial<Record<keyof ResponsesRequest, string>>;

/** A request to Responses for a model. Throws 400 for what the catalog does not allow or the alias contradicts. */
export function responsesBody(
  asked: ResponsesRequest,
  model: Model,
  switches: Catalog["responses"],
  names: FieldNames = {},
): RequestBody<ResponsesRequest> {
  requireAllowed(asked, switches);
  const nameOf = (field: string) => names[field as keyof ResponsesRequest] ?? field;
  const request = sentTo(model, asked, names.reasoning ?? "reasoning.effort");
  const hosted = hostedTools(asked, switches);
  if (hosted) request.max_tool_calls = hosted.calls;
  const { demand, write } = measure(request, {
    unseen: UNSEEN,
    images: imagesOf(request),
    limits: [asked.max_output_tokens, model.fixed.max_output_tokens],
    outputParameter: "max_output_tokens",
  });
  // What the provider adds of what it has stored can only be counted there; of a prompt the catalog knows it.
  const uncounted = Boolean(asked.previous_response_id);
  const promptTokens = asked.prompt ? entry(switches.prompts, asked.prompt.id)?.input_tokens : undefined;
  return { request, needs: needsOf(request, nameOf), demand: { ...demand, uncounted, promptTokens, hosted }, write };
}

function sentTo(model: Model, asked: ResponsesRequest, effortField: string): ResponsesRequest {
  const { max_output_tokens: _, ...kept } = asked;
  const instructions = [model.fixed.instructions, asked.instructions].filter(Boolean).join("\n\n");
  const effort = effortFor(asked.reasoning?.effort, model, effortField);
  const sent: ResponsesRequest = { ...kept, model: model.snapshot };
  // Unless it is told not to, the provider stores every answer.
  if (!asked.store) sent.store = false;
  if (instructions !== "") sent.instructions = instructions;
  if (effort !== asked.reasoning?.effort) sent.reasoning = { ...asked.reasoning, effort };
  // A summary of what it thought is only there where it thinks.
  if (!model.card.reasoning && effort === undefined) delete sent.reasoning;
  dropRefused(sent, "responses", model);
  return sent;
}

function needsOf(request: ResponsesRequest, nameOf: (field: string) => string): Need[] {
  const needs = parameterNeeds(request, "responses", nameOf);
  const feature = (feature: Feature, field: keyof ResponsesRequest) =>
    needs.push({ kind: "feature", feature, param: nameOf(field) });
  if (request.stream) feature("streaming", "stream");
  if (request.tools?.some(({ type }) => type === "function" || type === "custom")) feature("function_calling", "tools");
  if (request.text?.format?.type === "json_schema") feature("structured_outputs", "text");
  if (imagesOf(request).length > 0) needs.push({ kind: "input", modality: "image", param: nameOf("input") });
  const effort = request.reasoning?.effort;
  if (effort) needs.push({ kind: "effort", effort, param: nameOf("reasoning") });
  return needs;
}

/** The URLs of all images, those in tools' outputs too. */
function imagesOf({ input }: ResponsesRequest): string[] {
  if (typeof input === "string") return [];
  return input
    .flatMap(({ content, output }) => [content, output])
    .flatMap((parts) => (Array.isArray(parts) ? parts : []))
    .flatMap((part) => (part.type === "input_image" ? [part.image_url as string] : []));
}
