// The feature moderation: POST /moderate, POST /v1/moderations, and the moderation gate of chats.

import { Hono } from "hono";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { metered } from "../../core/gateway/metered.ts";
import { readBody, validate } from "../../core/http/json-body.ts";
import type { Usage } from "../../core/relay/answer.ts";
import { policiesSection } from "./catalog.ts";
import { ClassifierRequest, passModeration } from "./classifier-body.ts";
import { moderationGate } from "./gate.ts";
import { ModerateRequest } from "./moderate-request.ts";
import { moderate } from "./moderate.ts";

const verdicts = new Hono<AppEnv>().post("/", async (c) =>
  moderate(c.get("caller"), await readBody(c.req, ModerateRequest)),
);

const toCall = (request: ClassifierRequest) => ({ model: request.model, ways: [passModeration(request)] });

const moderations = new Hono<AppEnv>().post("/", async (c) =>
  metered(c.get("caller"), toCall(await readBody(c.req, ClassifierRequest))),
);

const NO_TOKENS: Usage = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };

export const moderation: Feature = {
  name: "moderation",
  needs: ["slim-chat"],
  serves: ["moderation"],
  catalog: policiesSection,
  gate: moderationGate,
  batchRoutes: [
    {
      url: "/v1/moderations",
      toCall: (body) => toCall(validate(ClassifierRequest, body)),
      usageOf: () => NO_TOKENS,
    },
  ],
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
