// POST /v1/chat/completions: OpenAI's, metered.

import { Hono } from "hono/tiny";
import { passChat } from "../endpoints/chat-exchange.ts";
import { ChatRequestSchema } from "../endpoints/chat-request.ts";
import type { AppEnv } from "../env.ts";
import { metered } from "../metered.ts";
import { readBody } from "./body.ts";
import { callerOf } from "./caller.ts";

export const chatCompletions = new Hono<AppEnv>().post("/", async (c) => {
  const body = await readBody(c.req, ChatRequestSchema);
  return metered(callerOf(c), {
    model: body.model,
    stream: body.stream ?? false,
    ways: [passChat(body)],
  });
});
