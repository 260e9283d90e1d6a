// /v1/conversations: what the provider keeps for going on from, for its owner alone. Their items come in as the input of
// answers, so that all of them is judged, and metered, there.

import { Hono } from "hono/tiny";
import * as v from "valibot";
import type { AppEnv } from "../env.ts";
import { askStored, createConversation } from "../stored.ts";
import { readBody } from "./body.ts";
import { callerOf } from "./caller.ts";
import { json, pageOf } from "./stored-page.ts";

const NewConversation = v.strictObject({ metadata: v.nullish(v.record(v.string(), v.unknown())) });

export const conversations = new Hono<AppEnv>()
  .post("/", async (c) => {
    const { metadata } = await readBody(c.req, NewConversation);
    return json(await createConversation(callerOf(c), metadata ?? {}));
  })
  .get("/:id", async (c) => json(await askStored(callerOf(c), "conversation", c.req.param("id"))))
  .delete("/:id", async (c) =>
    json(await askStored(callerOf(c), "conversation", c.req.param("id"), { method: "DELETE" })),
  )
  .get("/:id/items", async (c) => {
    const rest = `/items?${pageOf(c.req.query())}`;
    return json(await askStored(callerOf(c), "conversation", c.req.param("id"), { rest }));
  });
