// The responses that were stored: the newest ones, in the memory of the isolate. A response in the background has its
// answer from the beginning, and shows it when it is due.
import type { JsonObject } from "../kernel/body.ts";
import { invalidRequest } from "../kernel/errors.ts";
import { keepNewest } from "./newest.ts";
import type { InputItem } from "../dialects/responses/input.ts";

const MOST_RESPONSES = 200;

export interface StoredResponse {
  id: string;
  items: InputItem[];
  /** What the model said, as items of the answer. */
  output: JsonObject[];
  /** The response as it is at that time (epoch ms). */
  show: (atMs: number) => JsonObject;
  /** Ends a response that still runs. Undefined when it was never in the background. */
  cancel: ((atMs: number) => void) | undefined;
}

const responses = new Map<string, StoredResponse>();

/** Keeps a response, and forgets the oldest when there are too many. */
export function storeResponse(response: StoredResponse): void {
  keepNewest(responses, response, MOST_RESPONSES);
}

/** The response of that id. Throws OpenAI's 404. */
export function findResponse(id: string): StoredResponse {
  const found = responses.get(id);
  if (found) return found;
  throw invalidRequest(`Response with id '${id}' not found.`, null, null, 404);
}

/** The response that another continues. Throws OpenAI's 400. */
export function findPrevious(id: string): StoredResponse {
  const found = responses.get(id);
  if (found) return found;
  const message = `Previous response with id '${id}' not found.`;
  throw invalidRequest(message, "previous_response_id", "previous_response_not_found");
}

/** The item of that id in any answer. */
export function findItem(id: string): JsonObject | undefined {
  for (const { output } of responses.values()) {
    const item = output.find((candidate) => candidate["id"] === id);
    if (item) return item;
  }
  return undefined;
}

/** Forgets a response. Throws OpenAI's 404. */
export function deleteResponse(id: string): void {
  findResponse(id);
  responses.delete(id);
}
