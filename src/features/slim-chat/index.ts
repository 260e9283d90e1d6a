// The feature slim-chat: POST /chat, compact JSON in and compact server-sent events out.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/http/json-body.ts";
import { slimCall } from "./exchange.ts";
import { SlimRequest } from "./request.ts";

const app = new Hono<AppEnv>().post("/", async (c) => {
  const request = await readBody(c.req, SlimRequest);
  return metered(c.get("caller"), slimCall(request));
});

export const slimChat: Feature = {
  name: "slim-chat",
  serves: ["chat_completions", "responses"],
  routes: [{ path: "/chat", access: "user", app, summary: "`POST`: slim chat; streams or not" }],
};
