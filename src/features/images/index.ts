// The feature images: POST /v1/images/generations and /v1/images/edits, OpenAI's, metered.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { validate } from "../../core/http/json-body.ts";
import type { ImageRequest } from "./exchange.ts";
import { passImages } from "./exchange.ts";
import { readEditLine, readImageEdit, readImageGeneration, toImageGeneration } from "./read-request.ts";
import { ImageGenerationRequest } from "./request.ts";
import { imageUsageOf } from "./usage.ts";

const toCall = (request: ImageRequest) => ({ model: request.fields.model, ways: [passImages(request)] });

const app = new Hono<AppEnv>()
  .post("/generations", async (c) => metered(c.get("caller"), toCall(await readImageGeneration(c.req))))
  .post("/edits", async (c) => metered(c.get("caller"), toCall(await readImageEdit(c.req, c.get("caller")))));

export const images: Feature = {
  name: "images",
  serves: ["image_generation", "image_edit"],
  batchRoutes: [
    {
      url: "/v1/images/generations",
      toCall: (body) => toCall(toImageGeneration(validate(ImageGenerationRequest, body))),
      usageOf: (body) => imageUsageOf(body, false),
    },
    {
      url: "/v1/images/edits",
      toCall: (body) => toCall(readEditLine(body)),
      usageOf: (body) => imageUsageOf(body, true),
    },
  ],
  routes: [
    {
      path: "/v1/images",
      access: "user",
      app,
      summary: "`POST /generations`, `POST /edits`: OpenAI's, metered by size and quality; streams or not",
    },
  ],
};
