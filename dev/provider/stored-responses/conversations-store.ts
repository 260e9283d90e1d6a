// The conversations: the newest ones, in the memory of the isolate, each with its newest items, and one response at a
// time. Nothing runs while a response is in the background, so what it said is added when the conversation is looked at
// after its end.
import type { JsonObject } from "../kernel/body.ts";
import { invalidRequest } from "../kernel/errors.ts";
import { createId } from "../kernel/ids.ts";
import { keepNewest } from "./newest.ts";

const MOST_CONVERSATIONS = 200;
const MOST_ITEMS = 2000;

export interface Conversation {
  id: string;
  /** Seconds since 1970. */
  createdAt: number;
  metadata: JsonObject;
  items: JsonObject[];
  /** Whether the last response that came over a connection still runs. */
  isAnswered: () => boolean;
  /** What the response in the background is going to add. */
  awaited: AwaitedTurn | undefined;
}

/** The items of a response in the background, and the response as it is at that time (epoch ms). */
interface AwaitedTurn {
  items: JsonObject[];
  show: (atMs: number) => JsonObject;
}

const conversations = new Map<string, Conversation>();

/** A new conversation that begins with these items. */
export function createConversation(moment: Date, metadata: JsonObject, items: JsonObject[]): Conversation {
  const createdAt = Math.floor(moment.getTime() / 1000);
  const idle = { isAnswered: () => false, awaited: undefined };
  const conversation = { id: createId("conv_", 32), createdAt, metadata, items, ...idle };
  keepNewest(conversations, conversation, MOST_CONVERSATIONS);
  return conversation;
}

/** The conversation of that id, up to date. Throws OpenAI's 404; `param` is where the id stood in a body. */
export function findConversation(id: string, param: string | null = null): Conversation {
  const found = conversations.get(id);
  if (!found) throw invalidRequest(`Conversation with id '${id}' not found.`, param, null, 404);
  addDue(found);
  return found;
}

/** Forgets a conversation. Throws OpenAI's 404. */
export function deleteConversation(id: string): void {
  findConversation(id);
  conversations.delete(id);
}

/** Makes room for a response, which runs as long as `isRunning` says so. Throws OpenAI's 400 while another one runs. */
export function lockConversation(conversation: Conversation, isRunning: () => boolean): void {
  addDue(conversation);
  if (conversation.awaited || conversation.isAnswered()) {
    const message = "Another process is currently operating on this conversation. Please retry in a few seconds.";
    throw invalidRequest(message, "conversation", "conversation_locked");
  }
  conversation.isAnswered = isRunning;
}

/** Adds items at the end. */
export function extendConversation(conversation: Conversation, items: JsonObject[]): void {
  addDue(conversation);
  append(conversation, items);
}

/** Adds these items once that response has ended; never when it fails or is cancelled. */
export function extendLater(conversation: Conversation, items: JsonObject[], show: AwaitedTurn["show"]): void {
  conversation.awaited = { items, show };
}

function addDue(conversation: Conversation): void {
  const { awaited } = conversation;
  const status = awaited?.show(Date.now())["status"];
  if (status === "queued" || status === "in_progress") return;
  conversation.awaited = undefined;
  if (awaited && (status === "completed" || status === "incomplete")) append(conversation, awaited.items);
}

function append(conversation: Conversation, items: JsonObject[]): void {
  conversation.items = [...conversation.items, ...items].slice(-MOST_ITEMS);
}
