// The feature completions: POST /v1/completions, OpenAI's legacy endpoint, metered.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/http/json-body.ts";
import { passCompletions } from "./exchange.ts";
import { CompletionsRequest } from "./request.ts";

const app = new Hono<AppEnv>().post("/", async (c) => {
  const request = await readBody(c.req, CompletionsRequest);
  return metered(c.get("caller"), { model: request.model, ways: [passCompletions(request)] });
});

export const completions: Feature = {
  name: "completions",
  serves: ["completions"],
  routes: [
    { path: "/v1/completions", access: "user", app, summary: "`POST`: OpenAI's legacy completions, metered; streams" },
  ],
};
