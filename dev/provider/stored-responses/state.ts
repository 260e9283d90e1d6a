// The stored state of a Responses request: earlier items and the stored prompt.
// Stores the answer and extends the conversation once the answer is complete.
import { isObject, type JsonObject, readString } from "../kernel/body.ts";
import { invalidRequest, invalidType } from "../kernel/errors.ts";
import type { ResponsesAnswer, ResponsesState } from "../kernel/responses-hooks.ts";
import { type BackgroundRun, runInBackground } from "./background.ts";
import {
  type Conversation,
  extendConversation,
  extendLater,
  findConversation,
  lockConversation,
} from "./conversations-store.ts";
import { findItem, findPreviousResponse, storeResponse } from "./responses-store.ts";
import { readStoredPrompt } from "./stored-prompts.ts";

/** Opens the state that a body refers to. Throws OpenAI's error for an unknown id. */
export function openStoredState(body: JsonObject): ResponsesState {
  const promptText = readStoredPrompt(body);
  const conversation = readConversation(body);
  const isBackground = body["background"] === true;
  let answer: ResponsesAnswer | undefined;
  let run: BackgroundRun | undefined;
  return {
    instructions: promptText === undefined ? [] : [promptText],
    earlierItems: conversation?.items ?? readPreviousItems(body),
    fields: {
      ...(promptText !== undefined && promptFields(body, promptText)),
      ...(conversation && { conversation: { id: conversation.id } }),
    },
    isBackground,
    findItem,
    lock(isRunning) {
      if (conversation) lockConversation(conversation, isRunning);
    },
    begin(begun) {
      answer = begun;
      if (!isBackground) return undefined;
      run = runInBackground(begun, Date.now());
      storeResponse({ ...storedItems(begun), ...run });
      // The run goes on without its reader, so that only the clock says when its items are due.
      if (conversation) extendLater(conversation, newItems(begun), run.show);
      return { ...begun.running, status: "queued" };
    },
    complete() {
      run?.finish();
      if (!answer || run) return;
      const { ended } = answer;
      if (body["store"] !== false) storeResponse({ ...storedItems(answer), show: () => ended, cancel: undefined });
      if (conversation) extendConversation(conversation, newItems(answer));
    },
    fail() {
      run?.finish();
    },
  };
}

function storedItems({ running, items, output }: ResponsesAnswer) {
  return { id: String(running["id"]), items, output };
}

/** The items that an answer adds to its conversation. */
function newItems({ input, output }: ResponsesAnswer): JsonObject[] {
  return [...input, ...output];
}

function readPreviousItems(body: JsonObject): JsonObject[] {
  const previousId = body["previous_response_id"];
  if (typeof previousId !== "string") return [];
  const { items, output } = findPreviousResponse(previousId);
  return [...items, ...output];
}

function readConversation(body: JsonObject): Conversation | undefined {
  const reference = body["conversation"] ?? undefined;
  if (reference === undefined) return undefined;
  if ((body["previous_response_id"] ?? undefined) !== undefined) {
    const both = "'previous_response_id' and 'conversation'";
    const message = `Mutually exclusive parameters: ${both}. Ensure you are only providing one of them.`;
    throw invalidRequest(message, null, "mutually_exclusive_parameters");
  }
  if (typeof reference === "string") return findConversation(reference, "conversation");
  if (!isObject(reference)) throw invalidType("conversation", "one of a string or an object", reference);
  return findConversation(readString(reference, "id", "conversation.id"), "conversation");
}

/** The response repeats the instructions as messages when they include a stored prompt. */
function promptFields(body: JsonObject, promptText: string): JsonObject {
  const texts = [promptText, body["instructions"]].filter((text) => typeof text === "string");
  const instructions = texts.map((text) => ({
    type: "message",
    role: "developer",
    content: [{ type: "input_text", text }],
  }));
  return { prompt: body["prompt"], instructions };
}
