// /v1/conversations: what the provider keeps for going on from, for its owner alone. Their items come in as the input of
// answers, so that all of them is judged, and metered, there.

import { Hono } from "hono/tiny";
import * as v from "valibot";
import type { AppEnv } from "../../core/env.ts";
import { createConversation } from "./stored.ts";
import { readBody } from "../../core/json-body.ts";
import { callerOf } from "../../core/caller.ts";
import { answerPage, answerStored, json } from "./stored-answer.ts";

const NewConversation = v.strictObject({ metadata: v.nullish(v.record(v.string(), v.unknown())) });

export const conversations = new Hono<AppEnv>()
  .post("/", async (c) => {
    const { metadata } = await readBody(c.req, NewConversation);
    return json(await createConversation(callerOf(c), metadata ?? {}));
  })
  .get("/:id", (c) => answerStored(c, "conversation"))
  .delete("/:id", (c) => answerStored(c, "conversation", { method: "DELETE" }))
  .get("/:id/items", (c) => answerPage(c, "conversation", "items"));
