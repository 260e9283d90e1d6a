// Shared parts of request bodies: dropped parameters, card needs and demand.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Need } from "../../core/catalog/support.ts";
import { apiError } from "../../core/errors.ts";
import type { Grant, OutgoingBody, Subject } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import type { Demand } from "../../core/quota/bound.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import { adaptEffort, isDroppable } from "./adapt.ts";
import type { Endpoint } from "../../core/catalog/endpoints.ts";

/** The provider's default values. A refused parameter with its default value is dropped. */
const DEFAULTS: Record<string, readonly unknown[]> = {
  temperature: [1],
  top_p: [1],
  n: [1],
  best_of: [1],
  echo: [false],
  presence_penalty: [0],
  frequency_penalty: [0],
  logprobs: [false],
  top_logprobs: [0],
  parallel_tool_calls: [true],
  tool_choice: ["auto", "none"],
  function_call: ["auto", "none"],
  service_tier: ["auto", "default"],
  verbosity: ["medium"],
  store: [false],
  stream: [false],
};

export interface RequestBody<Request> {
  /** The request as it is sent, without the output bound. */
  request: Request;
  needs: Need[];
  demand: Demand;
  /** The caller's text and images, for moderation. */
  subject: Subject;
  write(grant: Grant): OutgoingBody;
}

type Fields = Record<string, unknown>;

/**
 * Returns the effort to send. Throws 400 `unsupported_value` when it contradicts the alias. `param` is the caller's
 * name for the field.
 */
export function effortFor(requestedEffort: string | null | undefined, model: Model, param: string): string | undefined {
  const { effort } = model.fixed;
  if (requestedEffort && effort && requestedEffort !== effort) {
    const fixed = `The model '${model.requestedName}' always answers with the effort '${effort}'.`;
    throw apiError("unsupported_value", `${fixed} Leave '${param}' out.`, { param });
  }
  return adaptEffort(effort ?? (requestedEffort || undefined), model);
}

/**
 * Deletes parameters that the model refuses on the endpoint, if they have their default value or `isDroppable`. The
 * others stay, and `parameterNeeds` lists them.
 */
export function dropRefused(request: Fields, endpoint: Endpoint, model: Model): void {
  for (const name of model.card.refuses[endpoint] ?? []) {
    if (isDefault(name, request[name]) || isDroppable(name, endpoint, model)) delete request[name];
  }
}

interface StreamedRequest {
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | undefined } | null | undefined;
}

/** Requests usage of a stream. Without the option, a stream may have no usage. It is then charged by an estimate. */
export function requestUsage(request: StreamedRequest, endpoint: Endpoint, { card }: Model): void {
  if (card.refuses[endpoint]?.includes("stream_options")) delete request.stream_options;
  else if (request.stream) request.stream_options = { ...request.stream_options, include_usage: true };
}

/** Returns the needs of a request: the endpoint, and each parameter whose value is not the default. */
export function parameterNeeds(request: Fields, endpoint: Endpoint, nameOf: (field: string) => string): Need[] {
  const needs: Need[] = [{ kind: "endpoint", endpoint, param: "model" }];
  for (const [name, value] of Object.entries(request)) {
    if (!isDefault(name, value)) needs.push({ kind: "parameter", endpoint, name, param: nameOf(name) });
  }
  return needs;
}

function isDefault(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object") return DEFAULTS[name]?.includes(value) === true;
  // `{"type":"text"}` and `["text"]` are the defaults of formats and modalities.
  if (Array.isArray(value)) return value.length === 0 || (value.length === 1 && value[0] === "text");
  const names = Object.keys(value);
  return names.length === 0 || (names.length === 1 && (value as Fields).type === "text");
}

interface BodyFacts {
  /** Fields that are no input of the model, so they cost no tokens. */
  notInput: Set<string>;
  /** The URLs of all images. */
  images: string[];
  choices?: number;
  /** Limits of the output tokens of each choice. The smallest applies. */
  limits: (number | null | undefined)[];
  /** The endpoint's parameter for the output bound. */
  outputParameter: string;
}

/**
 * Returns the demand of a request for its bound, and the function that writes its JSON with the granted output bound.
 */
export function measureBody(
  request: Fields,
  { notInput, images, choices = 1, limits, outputParameter }: BodyFacts,
): Pick<RequestBody<unknown>, "demand" | "write"> {
  const fields = Object.entries(request);
  const input = toJson(fields.filter(([name]) => !notInput.has(name)));
  const rest = toJson(fields.filter(([name]) => notInput.has(name)));
  const dataUrls = images.filter((url) => url.startsWith("data:"));
  const givenLimits = limits.filter((limit) => typeof limit === "number");
  return {
    demand: {
      inputBytes: utf8Length(input) - dataUrls.reduce((sum, url) => sum + url.length, 0),
      images: images.length,
      choices,
      maxOutputTokens: givenLimits.length > 0 ? Math.min(...givenLimits) : undefined,
    },
    // Joins the JSON of both parts, to serialize only once. Neither is empty: `rest` holds the model, `input` the
    // input or the prompt.
    write: ({ maxOutputTokens }) =>
      jsonBody(`${rest.slice(0, -1)},${input.slice(1, -1)},"${outputParameter}":${maxOutputTokens}}`),
  };
}

const toJson = (fields: [string, unknown][]) => JSON.stringify(Object.fromEntries(fields));
