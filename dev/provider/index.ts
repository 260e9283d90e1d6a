// The emulated provider: a Worker that answers like OpenAI's API.
// Mounts the kernel, both dialects and the features of the manifest.
import { Hono } from "hono";
import { createChatCompletions } from "./dialects/chat-completions/route.ts";
import { createResponses } from "./dialects/responses/route.ts";
import { features } from "./features.ts";
import { addModelSource } from "./kernel/catalog.ts";
import type { Env } from "./kernel/env.ts";
import { invalidRequest, toErrorResponse } from "./kernel/errors.ts";
import { collectHooks } from "./kernel/feature.ts";
import { addHeaders, countExchange, requireKey } from "./kernel/middleware.ts";
import { models } from "./kernel/models.ts";
import { createCallRoute } from "./kernel/own-routes.ts";
import { applyRouteFault, routeFaults } from "./kernel/route-faults.ts";
import { stats } from "./kernel/stats.ts";

const hooks = collectHooks(features);
const app: Hono<Env> = new Hono<Env>();
app
  .use("/v1/*", countExchange(hooks.uploadPaths), addHeaders, requireKey, applyRouteFault)
  .use("/v1/*", (c, next) => {
    if (hooks.findFile) c.set("findFile", hooks.findFile);
    c.set("callRoute", createCallRoute(app, c.env));
    return next();
  })
  .use("/__stats/*", async (_, next) => {
    await hooks.catchUp();
    return next();
  })
  .route("/__stats", stats)
  .route("/__faults", routeFaults)
  .route("/v1/models", models)
  .route("/v1/chat/completions", createChatCompletions(hooks))
  .route("/v1/responses", createResponses(hooks));

for (const { routes = {}, models: source } of features) {
  if (source) addModelSource(source);
  for (const [path, feature] of Object.entries(routes)) app.route(path, feature);
}

app.notFound((c) => toErrorResponse(invalidRequest(`Invalid URL (${c.req.method} ${c.req.path})`, null, null, 404)));
app.onError((error, c) => {
  const answer = toErrorResponse(error);
  // `newResponse` keeps the headers that the handler has already set.
  return c.newResponse(answer.body, answer);
});

export default app;
