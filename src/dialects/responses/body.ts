// What the provider gets of a request to Responses: the same, except for the model's name, the output bound, what an
// alias has fixed, that nothing is stored, and parameters that the model's card refuses.

import type { Feature } from "../../core/catalog/card.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import type { Need } from "../../core/catalog/support.ts";
import { utf8Length } from "../../core/relay/answer.ts";
import type { RequestBody } from "../openai/request-body.ts";
import { dropRefused, effortFor, measure, parameterNeeds } from "../openai/request-body.ts";
import type { ResponsesRequest } from "./request.ts";
import { conversationOf } from "./request.ts";
import { shownJson, textsIn } from "../openai/subject.ts";
import { configured, hostedKinds, hostedTools, requireAllowed } from "../../features/stored-responses/switches.ts";

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

type Switches = Catalog["responses"];

export type FieldNames = Partial<Record<keyof ResponsesRequest, string>>;

/** A request to Responses for a model. Throws 400 for what the catalog does not allow or the alias contradicts. */
export function responsesBody(
  asked: ResponsesRequest,
  model: Model,
  switches: Switches,
  names: FieldNames = {},
): RequestBody<ResponsesRequest> {
  requireAllowed(asked, switches);
  const nameOf = (field: string) => names[field as keyof ResponsesRequest] ?? field;
  const effortField = names.reasoning ?? "reasoning.effort";
  const request = sentTo(model, asked, effortField);
  const hosted = hostedTools(asked, switches);
  if (request.tools) request.tools = request.tools.map((tool) => configured(tool, switches));
  if (hosted) request.max_tool_calls = hosted.calls;
  const { demand, write } = measure(request, {
    unseen: UNSEEN,
    images: imagesOf(request),
    limits: [asked.max_output_tokens, model.fixed.max_output_tokens],
    outputParameter: "max_output_tokens",
  });
  // What the provider adds of what it has stored can only be counted there; of a prompt the catalog knows it.
  const uncounted = Boolean(asked.previous_response_id || asked.conversation);
  const promptTokens = asked.prompt ? tokensOf(asked.prompt, switches) : undefined;
  return {
    request,
    needs: needsOf(request, nameOf, effortField),
    demand: { ...demand, uncounted, exclusive: conversationOf(asked), promptTokens, hosted },
    subject: { text: textOf(asked), images: imagesOf(asked) },
    write,
  };
}

/** What a prompt adds, with its variables, which the provider's counter does not see. */
function tokensOf({ id, variables }: NonNullable<ResponsesRequest["prompt"]>, switches: Switches): number {
  return (entry(switches.prompts, id)?.input_tokens ?? 0) + utf8Length(JSON.stringify(variables ?? {}));
}

function sentTo(model: Model, asked: ResponsesRequest, effortField: string): ResponsesRequest {
  const { max_output_tokens: _, ...kept } = asked;
  const instructions = [model.fixed.instructions, asked.instructions].filter(Boolean).join("\n\n");
  const effort = effortFor(asked.reasoning?.effort, model, effortField);
  const sent: ResponsesRequest = { ...kept, model: model.snapshot };
  // Unless it is told not to, the provider stores every answer.
  if (!asked.store) sent.store = false;
  // What is only named of an earlier answer could be another user's.
  if (typeof sent.input !== "string")
    sent.input = sent.input.filter((item) => item.type !== "reasoning" || item["encrypted_content"]);
  if (instructions !== "") sent.instructions = instructions;
  if (effort !== asked.reasoning?.effort) sent.reasoning = { ...asked.reasoning, effort };
  // A summary of what it thought is only there where it thinks.
  if (!model.card.reasoning && effort === undefined) delete sent.reasoning;
  dropRefused(sent, "responses", model);
  return sent;
}

function needsOf(request: ResponsesRequest, nameOf: (field: string) => string, effortField: string): Need[] {
  const needs = parameterNeeds(request, "responses", nameOf);
  const feature = (feature: Feature, field: keyof ResponsesRequest) =>
    needs.push({ kind: "feature", feature, param: nameOf(field) });
  if (request.stream) feature("streaming", "stream");
  if (request.tools?.some(({ type }) => type === "function" || type === "custom")) feature("function_calling", "tools");
  for (const tool of hostedKinds(request)) needs.push({ kind: "tool", tool, param: nameOf("tools") });
  if (request.text?.format?.type === "json_schema") feature("structured_outputs", "text");
  if (imagesOf(request).length > 0) needs.push({ kind: "input", modality: "image", param: nameOf("input") });
  const effort = request.reasoning?.effort;
  if (effort) needs.push({ kind: "effort", effort, param: effortField });
  return needs;
}

/** All that the caller shows the model, but for images. */
function textOf({ input, instructions, prompt, tools, text }: ResponsesRequest): string {
  const variables = Object.values(prompt?.variables ?? {});
  return [...textsIn([instructions, input, variables]), ...shownJson([tools, text])].join("\n");
}

/** The URLs of all images, those in tools' outputs too. */
function imagesOf({ input }: ResponsesRequest): string[] {
  if (typeof input === "string") return [];
  const parts = input.flatMap(({ content, output }) => [content, output].flatMap((each) => asParts(each)));
  return parts.flatMap((part) => (part.type === "input_image" ? [part.image_url as string] : []));
}

const asParts = (content: unknown) =>
  Array.isArray(content) ? (content as { type: string; image_url?: unknown }[]) : [];
