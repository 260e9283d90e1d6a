// Which plan and which model a caller gets, with the refusals that tell the caller what to ask for instead.

import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";
import type { Model, Sunset } from "./resolve.ts";
import { resolveModel, toDay } from "./resolve.ts";
import type { Catalog, Plan } from "./schema.ts";
import { entry, lookup } from "./schema.ts";

/** The plan that a token claims, or the default one: a claim that names no plan earns nothing more. */
export function choosePlan(catalog: Catalog, claimed: string | undefined): { name: string; plan: Plan } {
  const name = claimed !== undefined && entry(catalog.plans, claimed) ? claimed : catalog.default_plan;
  return { name, plan: lookup(catalog.plans, name) };
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
      throw modelNotFound(asked);
    case "ended": {
      const { sunset } = resolution;
      const instead = sunset.successor ? `Use '${sunset.successor}' instead.` : LIST;
      const message = `The model '${sunset.snapshot}' was shut down on ${sunset.date}. ${instead}`;
      throw apiError("model_not_found", message, { param: "model", headers: sunsetHeaders(sunset) });
    }
  }
}

const LIST = "GET /v1/models lists those that there are.";

/** The refusal of a name that the catalog does not have. */
export function modelNotFound(asked: string): ApiError {
  return apiError("model_not_found", `There is no model '${asked}'. ${LIST}`, { param: "model" });
}

/** Whether a plan may use a model: by a name that led to it, by its snapshot, or by its card. */
export function isAllowed({ models }: Plan, { names }: Model): boolean {
  return models === undefined || names.some((name) => models.includes(name));
}

/** The refusal of a model that a plan does not include, naming those that it does. */
export function modelNotAllowed({ models }: Plan, { asked }: Model): ApiError {
  const message = `Your plan does not include the model '${asked}'. It includes: ${models?.join(", ")}.`;
  return apiError("model_not_allowed", message, { param: "model" });
}

/** `weir-model` names who answers; the rest tells when the snapshot that was asked for ends or ended. */
export function modelHeaders(model: Model, sunset: Sunset | undefined): Record<string, string> {
  return { "weir-model": model.snapshot, ...(sunset ? sunsetHeaders(sunset) : {}) };
}

/** `Sunset` (RFC 8594) is the end, `Deprecation` (RFC 9745) the day on which it was announced, at the latest the end. */
function sunsetHeaders({ date, deprecated }: Sunset): Record<string, string> {
  return { sunset: new Date(date).toUTCString(), deprecation: `@${Date.parse(deprecated ?? date) / 1000}` };
}
