// Pages of lists with the parameters `limit`, `order` and `after`.
import type { JsonObject } from "./body.ts";
import { invalidRequest, invalidValue } from "./errors.ts";

interface PageRules {
  defaultLimit: number;
  maxLimit: number;
  /** The noun of an entry in the error for an unknown `after`. */
  noun: string;
}

const ITEM_RULES: PageRules = { defaultLimit: 20, maxLimit: 100, noun: "Item" };

/**
 * One page of the entries, which are in the order of their creation. The page begins with the newest unless `order` is
 * `asc`. Throws a 400 for an invalid `limit`, `order` or `after`.
 */
export function toPage<Entry extends JsonObject>(
  entries: Entry[],
  query: Record<string, string>,
  { defaultLimit, maxLimit, noun }: PageRules = ITEM_RULES,
) {
  const limit = Number(query["limit"] ?? defaultLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    const message = `Invalid 'limit': expected an integer from 1 to ${maxLimit}, but got '${query["limit"]}' instead.`;
    throw invalidRequest(message, "limit", "invalid_value");
  }
  const { order = "desc", after } = query;
  if (order !== "asc" && order !== "desc") throw invalidValue("order", order, ["asc", "desc"]);
  const sorted = order === "asc" ? entries : entries.toReversed();
  const position = after === undefined ? -1 : sorted.findIndex((entry) => entry["id"] === after);
  if (after !== undefined && position < 0) throw invalidRequest(`${noun} with id '${after}' not found.`, "after");
  const data = sorted.slice(position + 1, position + 1 + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: position + 1 + limit < sorted.length,
  };
}
