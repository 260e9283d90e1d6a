// The app: middleware and the routes of all features. It names no feature.

import { Hono } from "hono/quick";
import type { Context } from "hono";
import { requestId } from "hono/request-id";
import { requireAdmin } from "./core/auth/admin.ts";
import { authenticate } from "./core/auth/token.ts";
import { activeCatalog, catalogFor } from "./core/catalog/store.ts";
import { apiError, toApiError, toErrorResponse } from "./core/errors.ts";
import type { AppEnv, Feature } from "./core/feature.ts";
import { routesOf } from "./core/feature.ts";
import { configurationFaults, unhealthyError } from "./core/configuration.ts";
import { allowOrigin, preflightResponse } from "./core/http/cors.ts";
import type { Bindings } from "./core/env.ts";
import type { Catalog } from "./core/catalog/schema.ts";
import type { Caller } from "./core/gateway/call.ts";
import { toLogged, toLoggedFailure } from "./core/log.ts";
import { withoutLongRetryAfter } from "./core/http/retry-after.ts";
import { releaseBody, startReading } from "./core/http/request-bytes.ts";
import { createServerTiming } from "./core/http/server-timing.ts";
import { features } from "./features.ts";

/** Creates the app. Public routes precede the middleware that requires a user. */
export function createApp(features: Feature[]): Hono<AppEnv> {
  // The preset `quick` builds no tables at the first request, and matches these few routes as fast as the default one.
  const app = new Hono<AppEnv>();
  const faultsOf = (env: Bindings, catalog: Catalog) => [
    ...configurationFaults(env, catalog),
    ...features.flatMap((feature) => feature.configurationFaults?.(env) ?? []),
  ];
  let isChecked = false;
  /** Logs the faults of the configuration, once per isolate. */
  const logFaults = (env: Bindings, catalog: Catalog) => {
    if (isChecked) return;
    isChecked = true;
    const faults = faultsOf(env, catalog);
    if (faults.length > 0) console.warn(JSON.stringify({ event: "not_configured", faults }));
  };
  const mount = (access: "public" | "user" | "admin") => {
    for (const route of routesOf(features, access)) app.route(route.path, route.app);
  };

  app.use(requestId(), async (c, next) => {
    const preflight = preflightResponse(c.req.raw, c.env);
    if (preflight) c.res = preflight;
    else await next();
    releaseBody(c.req.raw);
    c.res.headers.set("x-request-id", c.get("requestId"));
    allowOrigin(c.req.raw, c.env, c.res.headers);
  });
  app.get("/healthz", async (c) => {
    const now = Date.now();
    const { catalog, revision } = await activeCatalog(c.env.CATALOG, now, (work) => c.executionCtx.waitUntil(work));
    const faults = faultsOf(c.env, catalog);
    if (faults.length > 0) throw unhealthyError(faults);
    const fields = await Promise.all(features.map(async (feature) => feature.health?.(c.env, now)));
    return c.json(Object.assign({ status: "ok", revision }, ...fields));
  });
  mount("public");

  app.use("/admin/*", async (c, next) => {
    await requireAdmin(c.req.header("authorization"), c.env);
    await next();
  });
  mount("admin");
  app.all("/admin/*", (c) => c.notFound());

  app.use(async (c, next) => {
    const caller = await callerOf(c);
    logFaults(c.env, caller.catalog);
    c.set("caller", caller);
    await next();
  });
  mount("user");

  app.notFound((c) => toErrorResponse(apiError("not_found", `There is no ${c.req.method} ${c.req.path} here.`)));
  app.onError((thrown, c) => {
    const error = toApiError(thrown);
    const { status, body, cause } = error;
    if (status >= 500 || cause !== undefined) {
      const request = c.get("requestId");
      const details = body.code === "internal_error" ? toLoggedFailure(cause) : { cause: toLogged(cause) };
      console.warn(JSON.stringify({ event: "refused", request, status, code: body.code, ...details }));
    }
    return toErrorResponse(c.req.path.startsWith("/v1/") ? withoutLongRetryAfter(error) : error);
  });
  return app;
}

/** Authenticates the user and selects the catalog for the whole request. Throws 401 `invalid_api_key`. */
async function callerOf(c: Context<AppEnv>): Promise<Caller> {
  const now = Date.now();
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const timing = createServerTiming(now);
  const authenticateThenRead = async () => {
    const user = await authenticate(c.req.header("authorization"), c.env, now);
    // The body loads beside the catalog, but only after the token is verified. Multipart bodies are not buffered.
    const isMultipart = /^multipart\//i.test(c.req.header("content-type") ?? "");
    if (c.req.method === "POST" && !isMultipart) startReading(c.req.raw);
    return user;
  };
  const [user] = await Promise.all([authenticateThenRead(), activeCatalog(c.env.CATALOG, now, waitUntil)]);
  const { catalog, revision } = await catalogFor(user, c.env.CATALOG, now, waitUntil);
  const { signal } = c.req.raw;
  // OpenAI's clients send this header and retry by themselves.
  const retriesItself = c.req.header("x-stainless-retry-count") !== undefined;
  const requestId = c.get("requestId");
  return { env: c.env, user, catalog, revision, requestId, timing, signal, waitUntil, retriesItself };
}

export const app = createApp(features);
