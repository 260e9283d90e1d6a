// Conversations that Weir's users have with the provider behind it.

import type { Caller } from "./caller.ts";

export const CONVERSATIONS = "/v1/conversations";

export interface Conversation {
  id: string;
  object: string;
  metadata: Record<string, string>;
  error?: { code: string; message: string; param: string | null };
}

/** A new conversation of a user's, which must be made. */
export async function converse(user: Caller, body: object = {}): Promise<Conversation> {
  const response = await user.post(CONVERSATIONS, body);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Conversation;
}

/** What a path of a conversation answers. */
export async function visit(user: Caller, path: string, method = "GET") {
  const response = await user.get(`${CONVERSATIONS}/${path}`, { method });
  return { status: response.status, body: (await response.json()) as Conversation };
}

/** Who has said what in a conversation, the oldest first; of what is no message, what it is. */
export async function turnsOf(user: Caller, id: string): Promise<string[]> {
  const { body } = await visit(user, `${id}/items?order=asc&limit=100`);
  const { data } = body as unknown as { data: { type: string; role?: string }[] };
  return data.map(({ type, role }) => role ?? type);
}
