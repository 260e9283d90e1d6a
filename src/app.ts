// The map: middleware in order, then one line per route. Public routes stand before the lines that demand somebody.

import { Hono } from "hono/tiny";
import { requestId } from "hono/request-id";
import { requireAdmin } from "./core/auth/admin.ts";
import { authenticate } from "./core/auth/token.ts";
import { activeCatalog } from "./core/catalog/store.ts";
import type { AppEnv } from "./core/env.ts";
import { apiError, toApiError, toErrorResponse, toLogged } from "./core/errors.ts";
import { adminCatalog } from "./features/admin-catalog/routes.ts";
import { adminUsers } from "./features/admin-users/index.ts";
import { limitBody } from "./core/json-body.ts";
import { chat } from "./features/slim-chat/index.ts";
import { chatCompletions } from "./features/chat-completions/index.ts";
import { conversations } from "./features/stored-responses/conversations-route.ts";
import { health } from "./health.ts";
import { models } from "./features/models/index.ts";
import { moderate } from "./features/moderation/moderate-route.ts";
import { moderations } from "./features/moderation/moderations-route.ts";
import { responses } from "./features/responses/index.ts";
import { storedResponses } from "./features/stored-responses/responses-route.ts";
import { usage } from "./features/usage/index.ts";
import { createServerTiming } from "./core/server-timing.ts";

export const app = new Hono<AppEnv>();

app.use(requestId(), async (c, next) => {
  await next();
  c.res.headers.set("x-request-id", c.get("requestId"));
});

app.route("/healthz", health);

app.use("/admin/*", async (c, next) => {
  await requireAdmin(c.req.header("authorization"), c.env);
  await next();
});
app.use("/admin/*", limitBody());
app.route("/admin/catalog", adminCatalog);
app.route("/admin/users", adminUsers);
app.all("/admin/*", (c) => c.notFound());

app.use(limitBody());
app.use(async (c, next) => {
  const now = Date.now();
  c.set("timing", createServerTiming(now));
  // Side by side: the body arrives, the catalog is brought up to date, and it is found out who asks.
  if (c.req.method === "POST") c.req.arrayBuffer().catch(() => undefined);
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const authenticated = authenticate(c.req.header("authorization"), c.env, now);
  const [user] = await Promise.all([authenticated, activeCatalog(c.env.CATALOG, now, waitUntil)]);
  c.set("user", user);
  await next();
});
app.route("/chat", chat);
app.route("/moderate", moderate);
app.route("/usage", usage);
app.route("/v1/chat/completions", chatCompletions);
app.route("/v1/conversations", conversations);
app.route("/v1/models", models);
app.route("/v1/moderations", moderations);
app.route("/v1/responses", responses);
app.route("/v1/responses", storedResponses);

app.notFound((c) => toErrorResponse(apiError("not_found", `There is no ${c.req.method} ${c.req.path} here.`)));

app.onError((thrown, c) => {
  const error = toApiError(thrown);
  const { status, body, cause } = error;
  if (status >= 500 || cause !== undefined) {
    const request = c.get("requestId");
    console.warn(JSON.stringify({ event: "refused", request, status, code: body.code, cause: toLogged(cause) }));
  }
  return toErrorResponse(error);
});
