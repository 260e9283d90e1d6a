// POST /v1/chat/completions: OpenAI's, metered.

import { Hono } from "hono/tiny";
import { passChat } from "./exchange.ts";
import { ChatRequestSchema } from "../../dialects/chat-completions/request.ts";
import type { AppEnv } from "../../core/env.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/json-body.ts";
import { callerOf } from "../../core/caller.ts";

export const chatCompletions = new Hono<AppEnv>().post("/", async (c) => {
  const body = await readBody(c.req, ChatRequestSchema);
  return metered(callerOf(c), {
    model: body.model,
    stream: body.stream ?? false,
    ways: [passChat(body)],
  });
});
