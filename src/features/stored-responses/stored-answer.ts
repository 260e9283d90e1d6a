// What the routes of stored things have in common: they answer with the provider's JSON, and show long lists in pages.

import type { Context } from "hono";
import * as v from "valibot";
import type { AppEnv } from "../../core/env.ts";
import type { Asked, Kind } from "./stored.ts";
import { askStored } from "./stored.ts";
import { validate } from "../../core/json-body.ts";
import { callerOf } from "../../core/caller.ts";

const Nothing = v.strictObject({});

const Page = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/)), "20"),
  order: v.optional(v.picklist(["asc", "desc"]), "desc"),
  after: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,200}$/))),
});

/** The answer about the stored thing that the route names. Throws 400 for a query, of which nothing would be passed on. */
export async function answerStored(c: Context<AppEnv, "/:id">, kind: Kind, how?: Asked): Promise<Response> {
  validate(Nothing, c.req.query());
  return json(await askStored(callerOf(c), kind, c.req.param("id"), how));
}

/** The answer with one page of its `items`. Throws 400 for a page that is none. */
export async function answerPage(c: Context<AppEnv, "/:id">, kind: Kind, items: string): Promise<Response> {
  const { limit, order, after } = validate(Page, c.req.query());
  const query = new URLSearchParams({ limit, order, ...(after === undefined ? {} : { after }) });
  return json(await askStored(callerOf(c), kind, c.req.param("id"), { rest: `/${items}?${query.toString()}` }));
}

/** The provider's JSON text as an answer. */
export const json = (text: string) =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-cache" } });
