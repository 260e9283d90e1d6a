// What the routes of stored things have in common: which part of a long list is asked for, and the provider's JSON.

import * as v from "valibot";
import { validate } from "./body.ts";

const Page = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/)), "20"),
  order: v.optional(v.picklist(["asc", "desc"]), "desc"),
  after: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,200}$/))),
});

/** The query that a provider is asked for a part of a list with. Throws 400. */
export function pageOf(query: Record<string, string>): string {
  const { limit, order, after } = validate(Page, query);
  return new URLSearchParams({ limit, order, ...(after === undefined ? {} : { after }) }).toString();
}

export const json = (text: string) =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-cache" } });
