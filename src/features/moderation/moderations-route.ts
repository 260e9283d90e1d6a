// POST /v1/moderations: OpenAI's, metered as a request.

import { Hono } from "hono/tiny";
import { ModerationRequest, passModeration } from "./classifier-wire.ts";
import type { AppEnv } from "../../core/env.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/json-body.ts";
import { callerOf } from "../../core/caller.ts";

export const moderations = new Hono<AppEnv>().post("/", async (c) => {
  const body = await readBody(c.req, ModerationRequest);
  return metered(callerOf(c), { model: body.model, stream: false, ways: [passModeration(body)] });
});
