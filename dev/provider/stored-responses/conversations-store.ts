// Keeps the newest 200 conversations in memory, each with its newest 2000 items.
// A conversation has one response at a time. The items of a background response are added when the conversation is read
// after the end of its run, because nothing runs meanwhile.
import { conversationNotFound } from "../dialects/responses/stateless.ts";
import type { JsonObject } from "../kernel/body.ts";
import { invalidRequest } from "../kernel/errors.ts";
import { createId } from "../kernel/ids.ts";
import { keepNewest } from "../kernel/newest.ts";

const MAX_CONVERSATIONS = 200;
const MAX_ITEMS = 2000;

export interface Conversation {
  id: string;
  /** Seconds since 1970. */
  createdAt: number;
  metadata: JsonObject;
  items: JsonObject[];
  /** True while the last response that is sent over a connection runs. */
  isBusy: () => boolean;
  /** The items that a background response will add. */
  pending: PendingTurn | undefined;
}

/** The items of a background response, and the response at that time (epoch ms). */
interface PendingTurn {
  items: JsonObject[];
  show: (atMs: number) => JsonObject;
}

const conversations = new Map<string, Conversation>();

/** Creates a conversation with these items. */
export function createConversation(moment: Date, metadata: JsonObject, items: JsonObject[]): Conversation {
  const createdAt = Math.floor(moment.getTime() / 1000);
  const idle = { isBusy: () => false, pending: undefined };
  const conversation = { id: createId("conv_", 32), createdAt, metadata, items, ...idle };
  keepNewest(conversations, conversation, MAX_CONVERSATIONS);
  return conversation;
}

/** Finds a conversation. Throws OpenAI's 404. `param` is the field of the body that names the id. */
export function findConversation(id: string, param: string | null = null): Conversation {
  const found = conversations.get(id);
  if (!found) throw conversationNotFound(id, param);
  appendDue(found);
  return found;
}

/** Deletes a conversation. Throws OpenAI's 404. */
export function deleteConversation(id: string): void {
  findConversation(id);
  conversations.delete(id);
}

/** Locks a conversation while `isRunning` returns true. Throws OpenAI's 400 while another response runs. */
export function lockConversation(conversation: Conversation, isRunning: () => boolean): void {
  appendDue(conversation);
  if (conversation.pending || conversation.isBusy()) {
    const message = "Another process is currently operating on this conversation. Please retry in a few seconds.";
    throw invalidRequest(message, "conversation", "conversation_locked");
  }
  conversation.isBusy = isRunning;
}

/** Appends items. */
export function extendConversation(conversation: Conversation, items: JsonObject[]): void {
  appendDue(conversation);
  append(conversation, items);
}

/** Appends items when a background response has ended, unless it fails or is cancelled. */
export function extendLater(conversation: Conversation, items: JsonObject[], show: PendingTurn["show"]): void {
  conversation.pending = { items, show };
}

function appendDue(conversation: Conversation): void {
  const { pending } = conversation;
  const status = pending?.show(Date.now())["status"];
  if (status === "queued" || status === "in_progress") return;
  conversation.pending = undefined;
  if (pending && (status === "completed" || status === "incomplete")) append(conversation, pending.items);
}

function append(conversation: Conversation, items: JsonObject[]): void {
  conversation.items = [...conversation.items, ...items].slice(-MAX_ITEMS);
}
