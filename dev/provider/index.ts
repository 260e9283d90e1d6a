// The emulated provider: a Worker that behaves like OpenAI's API on the wire, and says so in its answers. This file is
// the map. A new endpoint is one file and one line here.
import { Hono } from "hono";
import { chat } from "./dialects/chat-completions/route.ts";
import { conversations } from "./stored-responses/conversations.ts";
import type { Env } from "./kernel/env.ts";
import { invalidRequest, toErrorResponse } from "./kernel/errors.ts";
import { inputTokens } from "./dialects/responses/input-tokens.ts";
import { addHeaders, keepBooks, requireKey } from "./kernel/middleware.ts";
import { models } from "./kernel/models.ts";
import { moderations } from "./moderation/moderations.ts";
import { storedResponses } from "./stored-responses/responses.ts";
import { responses } from "./dialects/responses/route.ts";
import { stats } from "./kernel/stats.ts";

const app = new Hono<Env>()
  .use("/v1/*", keepBooks, addHeaders, requireKey)
  .route("/v1/models", models)
  .route("/v1/chat/completions", chat)
  .route("/v1/conversations", conversations)
  .route("/v1/moderations", moderations)
  .route("/v1/responses/input_tokens", inputTokens)
  .route("/v1/responses", responses)
  .route("/v1/responses", storedResponses)
  .route("/__stats", stats);

app.notFound((c) => toErrorResponse(invalidRequest(`Invalid URL (${c.req.method} ${c.req.path})`, null, null, 404)));
app.onError((error, c) => {
  const answer = toErrorResponse(error);
  // Built by the context, so that headers which the handler had already set are in it.
  return c.newResponse(answer.body, answer);
});

export default app;
