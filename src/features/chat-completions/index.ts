// The feature chat-completions: POST /v1/chat/completions, compatible with OpenAI and metered.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody, validate } from "../../core/http/json-body.ts";
import type { ChatRequest } from "../../dialects/chat-completions/request.ts";
import { ChatRequestSchema } from "../../dialects/chat-completions/request.ts";
import { choicesUsageOf } from "../../dialects/openai/choices.ts";
import { passChat } from "./exchange.ts";

const toCall = (request: ChatRequest) => ({ model: request.model, ways: [passChat(request)] });

const app = new Hono<AppEnv>().post("/", async (c) =>
  metered(c.get("caller"), toCall(await readBody(c.req, ChatRequestSchema))),
);

export const chatCompletions: Feature = {
  name: "chat-completions",
  serves: ["chat_completions"],
  batchRoutes: [
    {
      url: "/v1/chat/completions",
      toCall: (body) => toCall(validate(ChatRequestSchema, body)),
      usageOf: choicesUsageOf,
    },
  ],
  routes: [{ path: "/v1/chat/completions", access: "user", app, summary: "`POST`: OpenAI's, metered; streams or not" }],
};
