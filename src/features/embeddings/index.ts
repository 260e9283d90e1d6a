// The feature embeddings: POST /v1/embeddings, OpenAI's, metered. The answer passes through unchanged.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/http/json-body.ts";
import { passEmbeddings } from "./exchange.ts";
import { EmbeddingsRequest } from "./request.ts";

const app = new Hono<AppEnv>().post("/", async (c) => {
  const request = await readBody(c.req, EmbeddingsRequest);
  return metered(c.get("caller"), { model: request.model, ways: [passEmbeddings(request)] });
});

export const embeddings: Feature = {
  name: "embeddings",
  serves: ["embeddings"],
  routes: [{ path: "/v1/embeddings", access: "user", app, summary: "`POST`: OpenAI's, metered by input tokens" }],
};
