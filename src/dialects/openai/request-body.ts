// What requests of every dialect have in common: which fields are sent, what they need, and how much they can cost.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Need } from "../../core/catalog/support.ts";
import { apiError } from "../../core/errors.ts";
import type { Grant, OutgoingBody, Subject } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import type { Demand } from "../../core/quota/bound.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import { adaptEffort, isLeftOut } from "./adapt.ts";
import type { Endpoint } from "../../core/catalog/endpoints.ts";

/** Values that providers assume when a parameter is absent: a refused parameter with such a value is dropped. */
const DEFAULTS: Record<string, readonly unknown[]> = {
  temperature: [1],
  top_p: [1],
  n: [1],
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
  /** What is sent, except for the output bound. */
  request: Request;
  needs: Need[];
  demand: Demand;
  /** What the caller says in it. */
  subject: Subject;
  write(grant: Grant): OutgoingBody;
}

type Fields = Record<string, unknown>;

/** The effort to send. Throws 400 for one that contradicts the alias; `param` is the caller's name for the field. */
export function effortFor(asked: string | null | undefined, model: Model, param: string): string | undefined {
  const { effort } = model.fixed;
  if (asked && effort && asked !== effort) {
    const message = `The model '${model.asked}' always answers with the effort '${effort}'. Leave '${param}' out.`;
    throw apiError("unsupported_value", message, { param });
  }
  return adaptEffort(effort ?? (asked || undefined), model);
}

/** Drops parameters that the model refuses on that endpoint, where they change nothing or only tuned its predecessor. */
export function dropRefused(request: Fields, endpoint: Endpoint, model: Model): void {
  for (const name of model.card.refuses[endpoint] ?? []) {
    if (isDefault(name, request[name]) || isLeftOut(name, endpoint, model)) delete request[name];
  }
}

/** Needs the endpoint, and that the model takes every parameter whose value is not the default. */
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
  const [only, ...more] = Object.entries(value);
  // `{"type":"text"}` and `["text"]` are the only answer that there is without them.
  return more.length === 0 && (!only || ((only[0] === "type" || only[0] === "0") && only[1] === "text"));
}

interface Size {
  /** Fields that the model is never shown, so that they cost no tokens. */
  unseen: Set<string>;
  /** The URLs of all images. */
  images: string[];
  choices?: number;
  /** Output tokens, each choice: the least of them counts. */
  limits: (number | null | undefined)[];
  /** How the endpoint is told the output bound. */
  outputParameter: string;
}

/** How much a request can cost, and how it is written. */
export function measure(
  request: Fields,
  { unseen, images, choices = 1, limits, outputParameter }: Size,
): Pick<RequestBody<unknown>, "demand" | "write"> {
  const fields = Object.entries(request);
  const shown = toJson(fields.filter(([name]) => !unseen.has(name)));
  const hidden = toJson(fields.filter(([name]) => unseen.has(name)));
  const data = images.filter((url) => url.startsWith("data:"));
  const given = limits.filter((limit) => typeof limit === "number");
  return {
    demand: {
      inputBytes: utf8Length(shown) - data.reduce((sum, url) => sum + url.length, 0),
      images: images.length,
      choices,
      maxOutputTokens: given.length > 0 ? Math.min(...given) : undefined,
    },
    // The fields of both, one after the other: `hidden` has the model and `shown` the input, so neither is empty.
    write: ({ maxOutputTokens }) =>
      jsonBody(`${hidden.slice(0, -1)},${shown.slice(1, -1)},"${outputParameter}":${maxOutputTokens}}`),
  };
}

const toJson = (fields: [string, unknown][]) => JSON.stringify(Object.fromEntries(fields));
