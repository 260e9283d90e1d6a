// POST /v1/moderations: OpenAI's, metered as a request.

import { Hono } from "hono/tiny";
import { ModerationRequest, passModeration } from "../endpoints/moderations.ts";
import type { AppEnv } from "../env.ts";
import { metered } from "../metered.ts";
import { readBody } from "./body.ts";
import { callerOf } from "./caller.ts";

export const moderations = new Hono<AppEnv>().post("/", async (c) => {
  const body = await readBody(c.req, ModerationRequest);
  return metered(callerOf(c), { model: body.model, stream: false, ways: [passModeration(body)] });
});
