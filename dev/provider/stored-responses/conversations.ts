// /v1/conversations: made, read, changed and deleted, with their items. What responses add to them is
// said where responses are answered.
import { Hono } from "hono";
import { type JsonObject, readBody, readObjects, refuseUnknown } from "../kernel/body.ts";
import {
  type Conversation,
  createConversation,
  deleteConversation,
  extendConversation,
  findConversation,
} from "./conversations-store.ts";
import { type Env, now } from "../kernel/env.ts";
import { invalidRequest, missingParameter } from "../kernel/errors.ts";
import { listItems } from "./item-list.ts";
import { readMetadata } from "./metadata.ts";
import { readItem } from "../dialects/responses/input.ts";
import { findItem } from "./store.ts";

const MOST_NEW_ITEMS = 20;

export const conversations = new Hono<Env>()
  .post("/", async (c) => {
    const body = (await c.req.text()) === "" ? {} : await readBody(c);
    refuseUnknown(body, new Set(["items", "metadata"]));
    return c.json(show(createConversation(now(c.env), readMetadata(body), readNewItems(body))));
  })
  .get("/:id", (c) => c.json(show(findConversation(c.req.param("id")))))
  .post("/:id", async (c) => {
    const conversation = findConversation(c.req.param("id"));
    const body = await readBody(c);
    refuseUnknown(body, new Set(["metadata"]));
    if (body["metadata"] === undefined) throw missingParameter("metadata");
    conversation.metadata = readMetadata(body);
    return c.json(show(conversation));
  })
  .delete("/:id", (c) => {
    const id = c.req.param("id");
    deleteConversation(id);
    return c.json({ id, object: "conversation.deleted", deleted: true });
  })
  .get("/:id/items", (c) => c.json(listItems(findConversation(c.req.param("id")).items, c.req.query())))
  .post("/:id/items", async (c) => {
    const conversation = findConversation(c.req.param("id"));
    const body = await readBody(c);
    refuseUnknown(body, new Set(["items"]));
    if ((body["items"] ?? undefined) === undefined) throw missingParameter("items");
    const items = readNewItems(body);
    extendConversation(conversation, items);
    return c.json(listItems(items, { order: "asc" }));
  });

function show({ id, createdAt, metadata }: Conversation): JsonObject {
  return { id, object: "conversation", created_at: createdAt, metadata };
}

function readNewItems(body: JsonObject): JsonObject[] {
  const items = readObjects(body, "items");
  if (items.length > MOST_NEW_ITEMS) {
    const message =
      `Invalid 'items': array too long. Expected an array with maximum length ${MOST_NEW_ITEMS}, ` +
      `but got an array with length ${items.length} instead.`;
    throw invalidRequest(message, "items", "array_above_max_length");
  }
  // Whether a model sees images is asked when one reads the conversation.
  const rules = { acceptsImages: true, findItem };
  return items.map((item, index) => readItem(item, `items[${index}]`, rules).wire);
}
