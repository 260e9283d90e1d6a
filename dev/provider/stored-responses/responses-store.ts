// Keeps the newest 200 responses in the memory of the isolate.
import { previousResponseNotFound } from "../dialects/responses/stateless.ts";
import type { JsonObject } from "../kernel/body.ts";
import { invalidRequest } from "../kernel/errors.ts";
import { keepNewest } from "../kernel/newest.ts";

const MAX_RESPONSES = 200;

export interface StoredResponse {
  id: string;
  /** All items that the model read. */
  items: JsonObject[];
  /** The items that the model wrote. */
  output: JsonObject[];
  /** The response at that time (epoch ms). */
  show: (atMs: number) => JsonObject;
  /** Cancels a background response. Undefined for any other. */
  cancel: ((atMs: number) => void) | undefined;
}

const responses = new Map<string, StoredResponse>();

/** Stores a response, and deletes the oldest when there are too many. */
export function storeResponse(response: StoredResponse): void {
  keepNewest(responses, response, MAX_RESPONSES);
}

/** Finds a stored response. Throws OpenAI's 404. */
export function findResponse(id: string): StoredResponse {
  const found = responses.get(id);
  if (found) return found;
  throw invalidRequest(`Response with id '${id}' not found.`, null, null, 404);
}

/** Finds the response that another one continues. Throws OpenAI's 400. */
export function findPreviousResponse(id: string): StoredResponse {
  const found = responses.get(id);
  if (found) return found;
  throw previousResponseNotFound(id);
}

/** Finds an output item of any stored response. */
export function findItem(id: string): JsonObject | undefined {
  for (const { output } of responses.values()) {
    const item = output.find((candidate) => candidate["id"] === id);
    if (item) return item;
  }
  return undefined;
}

/** Deletes a response. Throws OpenAI's 404. */
export function deleteResponse(id: string): void {
  findResponse(id);
  responses.delete(id);
}
