// Pages of items: of the input of a stored response, and of a conversation.
import type { JsonObject } from "../kernel/body.ts";
import { invalidRequest, invalidValue } from "../kernel/errors.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** One page of the items, by default the newest first. Throws a 400 for an invalid `limit`, `order` or `after`. */
export function toItemPage(items: JsonObject[], query: Record<string, string>) {
  const limit = Number(query["limit"] ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    const message = `Invalid 'limit': expected an integer from 1 to ${MAX_LIMIT}, but got '${query["limit"]}' instead.`;
    throw invalidRequest(message, "limit", "invalid_value");
  }
  const { order = "desc", after } = query;
  if (order !== "asc" && order !== "desc") throw invalidValue("order", order, ["asc", "desc"]);
  const sorted = order === "asc" ? items : items.toReversed();
  const position = after === undefined ? -1 : sorted.findIndex((item) => item["id"] === after);
  if (after !== undefined && position < 0) throw invalidRequest(`Item with id '${after}' not found.`, "after");
  const data = sorted.slice(position + 1, position + 1 + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: position + 1 + limit < sorted.length,
  };
}
