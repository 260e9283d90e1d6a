// The feature completions: POST /v1/completions, OpenAI's legacy endpoint, metered.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody, validate } from "../../core/http/json-body.ts";
import { choicesUsageOf } from "../../dialects/openai/choices.ts";
import { passCompletions } from "./exchange.ts";
import { CompletionsRequest } from "./request.ts";

const toCall = (request: CompletionsRequest) => ({ model: request.model, ways: [passCompletions(request)] });

const app = new Hono<AppEnv>().post("/", async (c) =>
  metered(c.get("caller"), toCall(await readBody(c.req, CompletionsRequest))),
);

export const completions: Feature = {
  name: "completions",
  serves: ["completions"],
  batchRoutes: [
    {
      url: "/v1/completions",
      toCall: (body) => toCall(validate(CompletionsRequest, body)),
      usageOf: choicesUsageOf,
    },
  ],
  routes: [
    { path: "/v1/completions", access: "user", app, summary: "`POST`: OpenAI's legacy completions, metered; streams" },
  ],
};
