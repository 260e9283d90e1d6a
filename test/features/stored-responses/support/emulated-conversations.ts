// How tests make conversations with the emulated provider, and look at what is in them.
import type { Conversation } from "openai/resources/conversations/conversations";
import type { ConversationItemList } from "openai/resources/conversations/items";
import { readJson, send } from "../../../provider/support/client.ts";

const ROUTE = "/v1/conversations";

/** Sends something to a conversation, or below it. */
export function ask(method: string, place: string, body?: unknown): Promise<Response> {
  return send(method, `${ROUTE}/${place}`, body);
}

/** The id of a new conversation that begins with these messages of a user. */
export async function converse(...texts: string[]): Promise<string> {
  const items = texts.map((content) => ({ role: "user", content }));
  return (await readJson<Conversation>(await send("POST", ROUTE, { items }))).id;
}

/** One page of a conversation's items. */
export async function page(id: string, query: string): Promise<ConversationItemList> {
  return readJson<ConversationItemList>(await ask("GET", `${id}/items?${query}`));
}

/** What is in a conversation, the oldest first: who has said what, or the type of what is no message. */
export async function turns(id: string): Promise<string[]> {
  const { data } = await page(id, "order=asc&limit=100");
  return data.map((item) => {
    if (item.type !== "message") return item.type;
    return `${item.role}: ${item.content.map((part) => ("text" in part ? part.text : part.type)).join()}`;
  });
}
