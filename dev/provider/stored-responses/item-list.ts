// Items as a list with pages, of a stored response's input and of a conversation: the newest item first unless asked
// otherwise.
import type { JsonObject } from "../kernel/body.ts";
import { invalidRequest, invalidValue } from "../kernel/errors.ts";

const USUAL_LIMIT = 20;
const HIGHEST_LIMIT = 100;

/** One page of the items. Throws a 400 for a wrong limit, a wrong order, and an `after` that is not in the list. */
export function listItems(items: JsonObject[], query: Record<string, string>) {
  const limit = readLimit(query["limit"]);
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

function readLimit(text: string | undefined): number {
  if (text === undefined) return USUAL_LIMIT;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= HIGHEST_LIMIT) return limit;
  const message = `Invalid 'limit': expected an integer from 1 to ${HIGHEST_LIMIT}, but got '${text}' instead.`;
  throw invalidRequest(message, "limit", "invalid_value");
}
