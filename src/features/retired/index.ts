// The feature retired: routes that OpenAI has shut down tell their end and replacement.

import { Hono } from "hono";
import { sunsetHeaders } from "../../core/catalog/choose.ts";
import type { EndedRoute } from "../../core/catalog/endpoints.ts";
import { ENDPOINTS, OTHER_ENDED_ROUTES } from "../../core/catalog/endpoints.ts";
import { apiError } from "../../core/errors.ts";
import type { AppEnv, Feature, Route } from "../../core/feature.ts";

const endedRoutes: EndedRoute[] = [ENDPOINTS.videos, ENDPOINTS.assistants, ...OTHER_ENDED_ROUTES];

export const retired: Feature = { name: "retired", routes: endedRoutes.map(toRoute) };

/** Every method and every path below the route has the same answer. */
function toRoute({ path, end, replacement }: EndedRoute): Route {
  const route = `/v1${path}`;
  const instead = replacement === undefined ? "It has no replacement." : `Use ${replacement} instead.`;
  const message = `OpenAI shut down ${route} on ${end}, and it is not served here. ${instead}`;
  const headers = sunsetHeaders({ date: end, deprecated: undefined });
  const app = new Hono<AppEnv>().all("*", () => {
    throw apiError("endpoint_retired", message, { headers });
  });
  return { path: route, access: "user", app, summary: `any method, and all paths below: 404, ended on ${end}` };
}
