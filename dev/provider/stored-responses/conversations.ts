// The routes of conversations and their items.
import { type Context, Hono } from "hono";
import { readItem } from "../dialects/responses/input.ts";
import { isObject, type JsonObject, readBody, readObjects, refuseUnknown } from "../kernel/body.ts";
import { type Env, now } from "../kernel/env.ts";
import { invalidType, missingParameter } from "../kernel/errors.ts";
import { fileCounter } from "../kernel/uploaded-files.ts";
import {
  type Conversation,
  createConversation,
  deleteConversation,
  extendConversation,
  findConversation,
} from "./conversations-store.ts";
import { toPage } from "../kernel/pages.ts";
import { findItem } from "./responses-store.ts";

export const conversationRoutes = new Hono<Env>()
  .post("/", async (c) => {
    const body = (await c.req.text()) === "" ? {} : await readBody(c);
    refuseUnknown(body, new Set(["items", "metadata"]));
    return c.json(toWireConversation(createConversation(now(c.env), readMetadata(body), readNewItems(c, body))));
  })
  .get("/:id", (c) => c.json(toWireConversation(findConversation(c.req.param("id")))))
  .post("/:id", async (c) => {
    const conversation = findConversation(c.req.param("id"));
    const body = await readBody(c);
    refuseUnknown(body, new Set(["metadata"]));
    if (body["metadata"] === undefined) throw missingParameter("metadata");
    conversation.metadata = readMetadata(body);
    return c.json(toWireConversation(conversation));
  })
  .delete("/:id", (c) => {
    const id = c.req.param("id");
    deleteConversation(id);
    return c.json({ id, object: "conversation.deleted", deleted: true });
  })
  .get("/:id/items", (c) => c.json(toPage(findConversation(c.req.param("id")).items, c.req.query())))
  .post("/:id/items", async (c) => {
    const conversation = findConversation(c.req.param("id"));
    const body = await readBody(c);
    refuseUnknown(body, new Set(["items"]));
    if ((body["items"] ?? undefined) === undefined) throw missingParameter("items");
    const items = readNewItems(c, body);
    extendConversation(conversation, items);
    return c.json(toPage(items, { order: "asc" }));
  });

function toWireConversation({ id, createdAt, metadata }: Conversation): JsonObject {
  return { id, object: "conversation", created_at: createdAt, metadata };
}

function readMetadata(body: JsonObject): JsonObject {
  const metadata = body["metadata"] ?? {};
  if (!isObject(metadata)) throw invalidType("metadata", "an object", metadata);
  return metadata;
}

function readNewItems(c: Context<Env>, body: JsonObject): JsonObject[] {
  // The model that reads an image is only known later.
  const countFile = fileCounter(c);
  const rules = { acceptsImages: true, findItem, countFile: (id: string) => countFile(id, "items") };
  return readObjects(body, "items").map((item, index) => readItem(item, `items[${index}]`, rules).wire);
}
