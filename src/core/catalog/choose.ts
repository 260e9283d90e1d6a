// Selection of a caller's plan and model, with the errors for refused models.

import type { ApiError } from "../errors.ts";
import { apiError } from "../errors.ts";
import type { Model, Sunset } from "./resolve.ts";
import { resolveModel, toDay } from "./resolve.ts";
import type { Catalog, Plan } from "./schema.ts";
import { entry, lookup } from "./schema.ts";

/** Returns the claimed plan, or the default plan when the claim names none of the catalog's plans. */
export function choosePlan(catalog: Catalog, claimed: string | undefined): { name: string; plan: Plan } {
  const name = claimed !== undefined && entry(catalog.plans, claimed) ? claimed : catalog.default_plan;
  return { name, plan: lookup(catalog.plans, name) };
}

/**
 * Resolves a model name at `now` (epoch ms). Throws 404 `model_not_found`; the message names a successor if there is
 * one.
 */
export function chooseModel(
  catalog: Catalog,
  requestedName: string,
  now: number,
): { model: Model; sunset: Sunset | undefined } {
  const resolution = resolveModel(catalog, requestedName, toDay(now));
  switch (resolution.kind) {
    case "found":
      return { model: resolution.model, sunset: resolution.sunset };
    case "unknown":
      throw modelNotFound(requestedName);
    case "ended": {
      const { sunset } = resolution;
      const instead = sunset.successor ? `Use '${sunset.successor}' instead.` : LIST;
      const message = `The model '${sunset.snapshot}' was shut down on ${sunset.date}. ${instead}`;
      throw apiError("model_not_found", message, { param: "model", headers: sunsetHeaders(sunset) });
    }
  }
}

const LIST = "Use an alias or a snapshot of this server's catalog, such as 'default'.";

/** Returns the 404 for a name that is not in the catalog. */
export function modelNotFound(requestedName: string): ApiError {
  return apiError("model_not_found", `There is no model '${requestedName}'. ${LIST}`, { param: "model" });
}

/** Tests if a plan includes a model, by any of its names: aliases, snapshots or card. */
export function isAllowed({ models }: Plan, { names }: Model): boolean {
  return models === undefined || names.some((name) => models.includes(name));
}

/** Returns the 403 for a model that the plan does not include. The message lists the included models. */
export function modelNotAllowed({ models }: Plan, { requestedName }: Model): ApiError {
  const message = `Your plan does not include the model '${requestedName}'. It includes: ${models?.join(", ")}.`;
  return apiError("model_not_allowed", message, { param: "model" });
}

/** Returns `weir-model` (the snapshot that answers), and `sunset` and `deprecation` when the named snapshot ends. */
export function modelHeaders(model: Model, sunset: Sunset | undefined): Record<string, string> {
  return { "weir-model": model.snapshot, ...(sunset ? sunsetHeaders(sunset) : {}) };
}

/** `Sunset` (RFC 8594) is the shutdown date. `Deprecation` (RFC 9745) is its announcement, or else the same date. */
export function sunsetHeaders({ date, deprecated }: Pick<Sunset, "date" | "deprecated">): Record<string, string> {
  return { sunset: new Date(date).toUTCString(), deprecation: `@${Date.parse(deprecated ?? date) / 1000}` };
}
