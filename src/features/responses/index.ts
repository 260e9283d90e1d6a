// /v1/responses: OpenAI's, metered. What is stored of it is in stored-responses.ts.

import { Hono } from "hono/tiny";
import { countResponses, passResponses } from "./exchange.ts";
import { ResponsesRequestSchema } from "../../dialects/responses/request.ts";
import type { AppEnv } from "../../core/env.ts";
import { metered } from "../../core/gateway/metered.ts";
import { ownerOf, requireOwn } from "../stored-responses/stored.ts";
import { readBody } from "../../core/json-body.ts";
import { callerOf } from "../../core/caller.ts";

export const responses = new Hono<AppEnv>()
  .post("/", async (c) => {
    const body = await readBody(c.req, ResponsesRequestSchema);
    const caller = callerOf(c);
    await requireOwn(caller, body);
    const stamp = { owner: await ownerOf(caller), lease: crypto.randomUUID() };
    const ways = [passResponses(body, stamp)];
    return metered(caller, { model: body.model, stream: body.stream ?? false, ways, key: stamp.lease });
  })
  .post("/input_tokens", async (c) => {
    const body = await readBody(c.req, ResponsesRequestSchema);
    const caller = callerOf(c);
    await requireOwn(caller, body);
    return metered(caller, { model: body.model, stream: false, ways: [countResponses(body)] });
  });
