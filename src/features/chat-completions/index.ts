// The feature chat-completions: POST /v1/chat/completions, compatible with OpenAI and metered.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/http/json-body.ts";
import { ChatRequestSchema } from "../../dialects/chat-completions/request.ts";
import { passChat } from "./exchange.ts";

const app = new Hono<AppEnv>().post("/", async (c) => {
  const request = await readBody(c.req, ChatRequestSchema);
  return metered(c.get("caller"), { model: request.model, ways: [passChat(request)] });
});

export const chatCompletions: Feature = {
  name: "chat-completions",
  serves: ["chat_completions"],
  routes: [{ path: "/v1/chat/completions", access: "user", app, summary: "`POST`: OpenAI's, metered; streams or not" }],
};
