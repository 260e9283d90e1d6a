// POST /chat: the slim chat.

import { Hono } from "hono/tiny";
import { slimWays } from "./exchange.ts";
import { SlimRequest } from "./request.ts";
import type { AppEnv } from "../../core/env.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/json-body.ts";
import { callerOf } from "../../core/caller.ts";

export const chat = new Hono<AppEnv>().post("/", async (c) => {
  const body = await readBody(c.req, SlimRequest);
  return metered(callerOf(c), {
    model: body.model,
    stream: body.stream,
    ways: slimWays(body),
  });
});
