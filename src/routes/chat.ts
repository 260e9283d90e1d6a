// POST /chat: the slim chat.

import { Hono } from "hono/tiny";
import { slimWays } from "../endpoints/slim-ways.ts";
import { SlimRequest } from "../endpoints/slim-request.ts";
import type { AppEnv } from "../env.ts";
import { metered } from "../metered.ts";
import { readBody } from "./body.ts";
import { callerOf } from "./caller.ts";

export const chat = new Hono<AppEnv>().post("/", async (c) => {
  const body = await readBody(c.req, SlimRequest);
  return metered(callerOf(c), {
    model: body.model,
    stream: body.stream,
    ways: slimWays(body),
  });
});
