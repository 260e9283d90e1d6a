// The feature images: POST /v1/images/generations and /v1/images/edits, OpenAI's, metered.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { passImages } from "./exchange.ts";
import { readImageEdit, readImageGeneration } from "./read-request.ts";

const app = new Hono<AppEnv>()
  .post("/generations", async (c) => {
    const request = await readImageGeneration(c.req);
    return metered(c.get("caller"), { model: request.fields.model, ways: [passImages(request)] });
  })
  .post("/edits", async (c) => {
    const request = await readImageEdit(c.req);
    return metered(c.get("caller"), { model: request.fields.model, ways: [passImages(request)] });
  });

export const images: Feature = {
  name: "images",
  serves: ["image_generation", "image_edit"],
  routes: [
    {
      path: "/v1/images",
      access: "user",
      app,
      summary: "`POST /generations`, `POST /edits`: OpenAI's, metered by size and quality; streams or not",
    },
  ],
};
