// Which plan and which model a caller gets, with the refusals that tell the caller what to ask for instead.

import type { Endpoint } from "../endpoints/table.ts";
import { ENDPOINTS } from "../endpoints/table.ts";
import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";
import type { Model, Sunset } from "./resolve.ts";
import { resolveModel, toDay } from "./resolve.ts";
import type { Catalog, Plan } from "./schema.ts";
import { entry } from "./schema.ts";

/** The plan that a token claims, or the default one: a claim that names no plan earns nothing more. */
export function choosePlan(catalog: Catalog, claimed: string | undefined): { name: string; plan: Plan } {
  const name = claimed !== undefined && entry(catalog.plans, claimed) ? claimed : catalog.default_plan;
  const plan = entry(catalog.plans, name);
  if (!plan) throw new Error(`no plan '${name}'`);
  return { name, plan };
}

/** The model for a name at a moment (epoch ms). Throws 404 `model_not_found`, naming a successor where there is one. */
export function chooseModel(
  catalog: Catalog,
  asked: string,
  now: number,
): { model: Model; sunset: Sunset | undefined } {
  const resolution = resolveModel(catalog, asked, toDay(now));
  switch (resolution.kind) {
    case "found":
      return { model: resolution.model, sunset: resolution.sunset };
    case "unknown":
      throw notFound(`There is no model '${asked}'. GET /v1/models lists those that there are.`);
    case "ended": {
      const { snapshot, date, successor } = resolution.sunset;
      const instead = successor ? ` Use '${successor}' instead.` : " GET /v1/models lists those that there are.";
      throw notFound(`The model '${snapshot}' was shut down on ${date}.${instead}`);
    }
  }
}

/** Whether a plan may use a model, by the name it was asked for, its snapshot or its card. */
export function isAllowed({ models }: Plan, { asked, snapshot, id }: Model): boolean {
  return models === undefined || [asked, snapshot, id].some((name) => models.includes(name));
}

/** The refusal of a model that a plan may not use, naming those that it may. */
export function notAllowed({ models }: Plan, { asked }: Model): ApiError {
  const message = `Your plan does not include the model '${asked}'. It includes: ${models?.join(", ")}.`;
  return apiError("model_not_allowed", message, { param: "model" });
}

/** Throws 400 when the model's card does not list the endpoint, naming the models of `now` that do. */
export function requireEndpoint(catalog: Catalog, model: Model, endpoint: Endpoint, now: number): void {
  if (model.card.endpoints.includes(endpoint)) return;
  const others = modelsOf(catalog, now).filter(({ card }) => card.endpoints.includes(endpoint));
  const names = others.map(({ asked }) => asked).join(", ");
  const message = `The model '${model.asked}' does not support ${ENDPOINTS[endpoint].title}. Models that do: ${names}.`;
  throw apiError("unsupported_value", message, { param: "model" });
}

/** Every name that answers at a moment (epoch ms), aliases first. */
export function modelsOf(catalog: Catalog, now: number): Model[] {
  const snapshots = Object.values(catalog.cards).flatMap((card) => Object.keys(card.snapshots));
  return [...Object.keys(catalog.aliases), ...snapshots].flatMap((name) => {
    const resolution = resolveModel(catalog, name, toDay(now));
    return resolution.kind === "found" ? [resolution.model] : [];
  });
}

/**
 * `weir-model` names who answers; `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) say when the snapshot that was
 * asked for was announced to end, and ends.
 */
export function modelHeaders(model: Model, sunset: Sunset | undefined): Record<string, string> {
  const headers: Record<string, string> = { "weir-model": model.snapshot };
  if (sunset) headers.sunset = new Date(sunset.date).toUTCString();
  if (sunset?.deprecated) headers.deprecation = `@${Date.parse(sunset.deprecated) / 1000}`;
  return headers;
}

const notFound = (message: string) => apiError("model_not_found", message, { param: "model" });
