// /v1/responses/:id: answers that the provider keeps, for their owners alone. Anyone else's are not there.

import { Hono } from "hono/tiny";
import type { AppEnv } from "../env.ts";
import { askStored } from "../stored.ts";
import { callerOf } from "./caller.ts";
import { json, pageOf } from "./stored-page.ts";

export const storedResponses = new Hono<AppEnv>()
  .get("/:id", async (c) => json(await askStored(callerOf(c), "response", c.req.param("id"))))
  .delete("/:id", async (c) => json(await askStored(callerOf(c), "response", c.req.param("id"), { method: "DELETE" })))
  .post("/:id/cancel", async (c) =>
    json(await askStored(callerOf(c), "response", c.req.param("id"), { method: "POST", rest: "/cancel" })),
  )
  .get("/:id/input_items", async (c) => {
    const rest = `/input_items?${pageOf(c.req.query())}`;
    return json(await askStored(callerOf(c), "response", c.req.param("id"), { rest }));
  });
