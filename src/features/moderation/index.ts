// The feature moderation: POST /moderate, POST /v1/moderations, and the moderation gate of chats.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody } from "../../core/http/json-body.ts";
import { policiesSection } from "./catalog.ts";
import { ClassifierRequest, passModeration } from "./classifier-body.ts";
import { moderationGate } from "./gate.ts";
import { ModerateRequest } from "./moderate-request.ts";
import { moderate } from "./moderate.ts";

const verdicts = new Hono<AppEnv>().post("/", async (c) =>
  moderate(c.get("caller"), await readBody(c.req, ModerateRequest)),
);

const moderations = new Hono<AppEnv>().post("/", async (c) => {
  const request = await readBody(c.req, ClassifierRequest);
  return metered(c.get("caller"), { model: request.model, ways: [passModeration(request)] });
});

export const moderation: Feature = {
  name: "moderation",
  needs: ["slim-chat"],
  serves: ["moderation"],
  catalog: policiesSection,
  gate: moderationGate,
  routes: [
    {
      path: "/moderate",
      access: "user",
      app: verdicts,
      summary: "`POST`: a verdict on text and images under a policy; streams or not",
    },
    {
      path: "/v1/moderations",
      access: "user",
      app: moderations,
      summary: "`POST`: OpenAI's, metered by texts and images",
    },
  ],
};
