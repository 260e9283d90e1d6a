// The state of a Responses request when no feature stores anything: every id is unknown.
// `store` is accepted and has no effect.
import { isObject, type JsonObject } from "../../kernel/body.ts";
import { invalidRequest, type ProviderError } from "../../kernel/errors.ts";
import type { ResponsesState } from "../../kernel/responses-hooks.ts";

/** Opens an empty state. Throws the error of an unknown id when the body names one. */
export function openEmptyState(body: JsonObject): ResponsesState {
  const { previous_response_id: previousId, conversation, prompt } = body;
  if (typeof previousId === "string") throw previousResponseNotFound(previousId);
  if (conversation) throw conversationNotFound(readId(conversation), "conversation");
  if (prompt) throw promptNotFound(readId(prompt));
  if (body["background"] === true) {
    throw invalidRequest("Background mode is not supported by this provider.", "background");
  }
  return {
    instructions: [],
    earlierItems: [],
    fields: {},
    isBackground: false,
    findItem: () => undefined,
    lock: () => {},
    begin: () => undefined,
    complete: () => {},
    fail: () => {},
  };
}

/** The error of an unknown `previous_response_id`. */
export function previousResponseNotFound(id: string): ProviderError {
  const message = `Previous response with id '${id}' not found.`;
  return invalidRequest(message, "previous_response_id", "previous_response_not_found");
}

/** The error of an unknown conversation. `param` is the field that names it, or null for a route. */
export function conversationNotFound(id: string, param: string | null = null): ProviderError {
  return invalidRequest(`Conversation with id '${id}' not found.`, param, null, 404);
}

/** The error of an unknown stored prompt. */
export function promptNotFound(id: string): ProviderError {
  return invalidRequest(`Prompt with id '${id}' not found.`, "prompt", null, 404);
}

function readId(reference: unknown): string {
  return String(isObject(reference) ? reference["id"] : reference);
}
