// A client of the emulated provider's conversations and stored responses.
import type { Conversation } from "openai/resources/conversations/conversations";
import type { ConversationItemList } from "openai/resources/conversations/items";
import { readJson, scriptedText, send } from "../../../provider/support/client.ts";

const ROUTE = "/v1/conversations";

/** An input whose answer is "Hello." without reasoning. */
export const HELLO = scriptedText({ text: "Hello.", reasoning: 0 });

/** Sends a request to a path below the conversations. */
export function sendTo(method: string, place: string, body?: unknown): Promise<Response> {
  return send(method, `${ROUTE}/${place}`, body);
}

/** Creates a conversation with these user messages, and returns its id. */
export async function converse(...texts: string[]): Promise<string> {
  const items = texts.map((content) => ({ role: "user", content }));
  return (await readJson<Conversation>(await send("POST", ROUTE, { items }))).id;
}

/** One page of a conversation's items. */
export async function page(id: string, query: string): Promise<ConversationItemList> {
  return readJson<ConversationItemList>(await sendTo("GET", `${id}/items?${query}`));
}

/** The items of a conversation, the oldest first: role and text of a message, or the type of another item. */
export async function turns(id: string): Promise<string[]> {
  const { data } = await page(id, "order=asc&limit=100");
  return data.map((item) => {
    if (item.type !== "message") return item.type;
    return `${item.role}: ${item.content.map((part) => ("text" in part ? part.text : part.type)).join()}`;
  });
}
