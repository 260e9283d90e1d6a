// The feature stored-responses: answers, conversations and prompts stored at the provider, and hosted tools.

import { Hono } from "hono";
import * as v from "valibot";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { readBody } from "../../core/http/json-body.ts";
import { Metadata } from "../../dialects/openai/request-fields.ts";
import { responsesSection } from "./catalog.ts";
import { createConversation } from "./ownership.ts";
import { storingResponses } from "./storing-route.ts";
import { answerPage, answerStored, jsonResponse } from "./stored-answer.ts";

/** Stored answers. Another user's answer responds with 404, like one that does not exist. */
const storedAnswers = new Hono<AppEnv>()
  .get("/:id", (c) => answerStored(c, "response"))
  .delete("/:id", (c) => answerStored(c, "response", { method: "DELETE" }))
  .post("/:id/cancel", (c) => answerStored(c, "response", { method: "POST", rest: "/cancel" }))
  .get("/:id/input_items", (c) => answerPage(c, "response", "input_items"));

const NewConversation = v.strictObject({
  metadata: v.nullish(Metadata, {}),
  items: v.nullish(v.pipe(v.array(v.unknown()), v.maxLength(0, "must be empty: items come from /v1/responses"))),
});
const ConversationUpdate = v.strictObject({ metadata: v.nullish(Metadata, {}) });

/** Conversations. There is no route to add items: they come from requests to /v1/responses, which are metered. */
const conversations = new Hono<AppEnv>()
  .post("/", async (c) => {
    const { metadata } = await readBody(c.req, NewConversation);
    return jsonResponse(await createConversation(c.get("caller"), metadata));
  })
  .post("/:id", async (c) => {
    const { metadata } = await readBody(c.req, ConversationUpdate);
    return answerStored(c, "conversation", { method: "POST", metadata });
  })
  .get("/:id", (c) => answerStored(c, "conversation"))
  .delete("/:id", (c) => answerStored(c, "conversation", { method: "DELETE" }))
  .get("/:id/items", (c) => answerPage(c, "conversation", "items"));

export const storedResponses: Feature = {
  name: "stored-responses",
  needs: ["responses"],
  catalog: responsesSection,
  routes: [
    {
      path: "/v1/responses",
      access: "user",
      app: storingResponses,
      summary:
        "`POST` with `store`, `background`, `conversation`, `prompt` or hosted tools, where the catalog allows it",
    },
    {
      path: "/v1/responses",
      access: "user",
      app: storedAnswers,
      summary: "`GET`, `DELETE` of `/:id`, `POST /:id/cancel`, `GET /:id/input_items`: stored answers, for their owner",
    },
    {
      path: "/v1/conversations",
      access: "user",
      app: conversations,
      summary: "`POST`; `GET`, `POST`, `DELETE` of `/:id`; `GET /:id/items`: conversations, for their owner",
    },
  ],
};
