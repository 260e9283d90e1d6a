// Answers about stored things: the provider's JSON, and long lists in pages.

import type { Context } from "hono";
import * as v from "valibot";
import type { AppEnv } from "../../core/feature.ts";
import { validate } from "../../core/json-body.ts";
import type { StoredAction } from "./ownership.ts";
import { askStored } from "./ownership.ts";
import type { StoredKind } from "./store.ts";

const NoQuery = v.strictObject({});

const Page = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/)), "20"),
  order: v.optional(v.picklist(["asc", "desc"]), "desc"),
  after: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,200}$/))),
});

/** The answer about the stored thing that the route names. Throws 400 for a query, because none of it is passed on. */
export async function answerStored(
  c: Context<AppEnv, "/:id">,
  kind: StoredKind,
  action?: StoredAction,
): Promise<Response> {
  validate(NoQuery, c.req.query());
  return jsonResponse(await askStored(c.get("caller"), kind, c.req.param("id"), action));
}

/** The answer with one page of its `items`. Throws 400 for a query that is no page. */
export async function answerPage(c: Context<AppEnv, "/:id">, kind: StoredKind, items: string): Promise<Response> {
  const { limit, order, after } = validate(Page, c.req.query());
  const query = new URLSearchParams({ limit, order, ...(after === undefined ? {} : { after }) });
  const rest = `/${items}?${query.toString()}`;
  return jsonResponse(await askStored(c.get("caller"), kind, c.req.param("id"), { rest }));
}

/** The provider's JSON text as an answer. */
export const jsonResponse = (text: string) =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-cache" } });
