// /v1/responses/:id: answers that the provider keeps, for their owners alone. Anyone else's are not there.

import { Hono } from "hono/tiny";
import * as v from "valibot";
import type { AppEnv } from "../env.ts";
import { askStored } from "../stored.ts";
import { validate } from "./body.ts";
import { callerOf } from "./caller.ts";

/** Which items of a long list are shown. */
const Page = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/)), "20"),
  order: v.optional(v.picklist(["asc", "desc"]), "desc"),
  after: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,200}$/))),
});

export const storedResponses = new Hono<AppEnv>()
  .get("/:id", async (c) => json(await askStored(callerOf(c), c.req.param("id"))))
  .delete("/:id", async (c) => json(await askStored(callerOf(c), c.req.param("id"), { method: "DELETE" })))
  .post("/:id/cancel", async (c) =>
    json(await askStored(callerOf(c), c.req.param("id"), { method: "POST", rest: "/cancel" })),
  )
  .get("/:id/input_items", async (c) => {
    const { limit, order, after } = validate(Page, c.req.query());
    const query = new URLSearchParams({ limit, order, ...(after === undefined ? {} : { after }) });
    return json(await askStored(callerOf(c), c.req.param("id"), { rest: `/input_items?${query.toString()}` }));
  });

const json = (text: string) =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-cache" } });
