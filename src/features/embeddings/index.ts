// The feature embeddings: POST /v1/embeddings, OpenAI's, metered. The answer passes through unchanged.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody, validate } from "../../core/http/json-body.ts";
import { embeddingsUsageOf, passEmbeddings } from "./exchange.ts";
import { EmbeddingsRequest } from "./request.ts";

const toCall = (request: EmbeddingsRequest) => ({ model: request.model, ways: [passEmbeddings(request)] });

const app = new Hono<AppEnv>().post("/", async (c) =>
  metered(c.get("caller"), toCall(await readBody(c.req, EmbeddingsRequest))),
);

export const embeddings: Feature = {
  name: "embeddings",
  serves: ["embeddings"],
  batchRoutes: [
    {
      url: "/v1/embeddings",
      toCall: (body) => toCall(validate(EmbeddingsRequest, body)),
      usageOf: embeddingsUsageOf,
    },
  ],
  routes: [{ path: "/v1/embeddings", access: "user", app, summary: "`POST`: OpenAI's, metered by input tokens" }],
};
