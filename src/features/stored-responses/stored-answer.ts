// HTTP responses for stored objects: the provider's JSON, and paginated lists.

import type { Context } from "hono";
import * as v from "valibot";
import type { AppEnv } from "../../core/feature.ts";
import { validate } from "../../core/http/json-body.ts";
import type { StoredAction } from "./ownership.ts";
import { accessStored } from "./ownership.ts";
import type { StoredKind } from "./store.ts";

const NoQuery = v.strictObject({});

const Page = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/, "must be a whole number")), "20"),
  order: v.optional(v.picklist(["asc", "desc"]), "desc"),
  after: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,200}$/, "must be an id"))),
});

/** Answers with the stored object of the route's id. Throws 400 for any query parameter, because none is passed on. */
export async function answerStored(
  c: Context<AppEnv, "/:id">,
  kind: StoredKind,
  action?: StoredAction,
): Promise<Response> {
  validate(NoQuery, c.req.query());
  return jsonResponse(await accessStored(c.get("caller"), kind, c.req.param("id"), action));
}

/** Answers with one page of the object's `items`. Throws 400 for an unknown or invalid query parameter. */
export async function answerPage(c: Context<AppEnv, "/:id">, kind: StoredKind, items: string): Promise<Response> {
  const { limit, order, after } = validate(Page, c.req.query());
  const query = new URLSearchParams({ limit, order, ...(after === undefined ? {} : { after }) });
  const rest = `/${items}?${query.toString()}`;
  return jsonResponse(await accessStored(c.get("caller"), kind, c.req.param("id"), { rest }));
}

/** Returns JSON text as a response that is not cached. */
export const jsonResponse = (text: string) =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-cache" } });
