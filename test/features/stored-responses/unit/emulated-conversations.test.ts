// The emulated provider's conversations: their routes, what these refuse, and what the official client makes of them.
import OpenAI from "openai";
import type { Conversation } from "openai/resources/conversations/conversations";
import { describe, expect, it } from "vitest";
import provider from "../../../../dev/provider/index.ts";
import { emulatedEnv, readError, readJson, send } from "../../../provider/support/client.ts";
import { ask, converse, page, turns } from "../support/emulated-conversations.ts";

const CREATED = Date.UTC(2026, 9, 1) / 1000;
const user = (content: unknown) => ({ role: "user", content });

describe("a conversation", () => {
  it("is made with metadata, which are replaced, and read until it is deleted", async () => {
    const made = await readJson<Conversation>(
      await send("POST", "/v1/conversations", { metadata: { a: "1", b: "2" } }),
    );
    const { id } = made;
    expect(made).toEqual({
      id: expect.stringMatching(/^conv_[0-9a-f]{32}$/),
      object: "conversation",
      created_at: CREATED,
      metadata: { a: "1", b: "2" },
    });
    expect(await readJson(await ask("GET", id))).toEqual(made);
    const renamed = { ...made, metadata: { a: "3" } };
    expect(await readJson(await ask("POST", id, { metadata: { a: "3" } }))).toEqual(renamed);
    expect(await readJson(await ask("GET", id))).toEqual(renamed);
    expect(await readJson(await ask("DELETE", id))).toEqual({ id, object: "conversation.deleted", deleted: true });
    expect((await ask("GET", id)).status).toBe(404);
  });

  it("may be made of nothing, and has neither items nor metadata then", async () => {
    for (const body of [undefined, {}, { items: null, metadata: null }]) {
      const made = await readJson<Conversation>(await send("POST", "/v1/conversations", body));
      expect(made.metadata).toEqual({});
      expect(await page(made.id, "")).toEqual({
        object: "list",
        data: [],
        first_id: null,
        last_id: null,
        has_more: false,
      });
    }
  });

  it("takes items at its beginning and later, and gives them ids", async () => {
    const id = await converse("Hi");
    const call = { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" };
    const added = await readJson(await ask("POST", `${id}/items`, { items: [user("And?"), call] }));
    expect(added).toEqual({
      object: "list",
      data: [
        {
          id: expect.stringMatching(/^msg_/),
          type: "message",
          status: "completed",
          role: "user",
          content: [{ type: "input_text", text: "And?" }],
        },
        { ...call, id: expect.stringMatching(/^fc_/) },
      ],
      first_id: expect.stringMatching(/^msg_/),
      last_id: expect.stringMatching(/^fc_/),
      has_more: false,
    });
    expect(await turns(id)).toEqual(["user: Hi", "user: And?", "function_call"]);
  });

  it("lists its items in pages, the newest first", async () => {
    const id = await converse("a", "b", "c");
    const newest = await page(id, "limit=2");
    expect(newest).toMatchObject({
      data: [{ content: [{ text: "c" }] }, { content: [{ text: "b" }] }],
      has_more: true,
    });
    const rest = await page(id, `limit=2&after=${newest.last_id}`);
    expect(rest).toMatchObject({ data: [{ content: [{ text: "a" }] }], has_more: false });
    expect((await page(id, "order=asc&limit=1")).first_id).toBe(rest.first_id);
    for (const query of ["limit=101", "order=up", "after=msg_none"]) {
      expect((await ask("GET", `${id}/items?${query}`)).status).toBe(400);
    }
  });

  it("is forgotten when 200 newer ones are there", async () => {
    const oldest = await converse();
    for (let count = 0; count < 199; count++) await converse();
    expect((await ask("GET", oldest)).status).toBe(200);
    await converse();
    expect((await ask("GET", oldest)).status).toBe(404);
  });

  it("keeps its newest 2000 items", async () => {
    const id = await converse("oldest");
    const items = Array.from({ length: 20 }, () => user("more"));
    for (let count = 0; count < 100; count++) await ask("POST", `${id}/items`, { items });
    const [first] = await turns(id);
    expect(first).toBe("user: more");
  });

  it("is in the books under one path", async () => {
    await send("DELETE", "/__stats");
    await turns(await converse("Hi"));
    const by_path = { "/v1/conversations": 1, "/v1/conversations/:id/items": 1 };
    expect(await readJson(await send("GET", "/__stats"))).toMatchObject({ by_path });
  });
});

describe("what conversations refuse", () => {
  const tooMany = Array.from({ length: 21 }, () => user("Hi"));
  const refusals: [string, unknown, object][] = [
    ["no JSON", "{", { param: null }],
    ["an unknown field", { name: "a" }, { code: "unknown_parameter", param: "name" }],
    ["metadata that are no object", { metadata: "a" }, { code: "invalid_type", param: "metadata" }],
    ["metadata that are no text", { metadata: { a: 1 } }, { code: "invalid_type", param: "metadata.a" }],
    ["items that are no list", { items: "Hi" }, { code: "invalid_type", param: "items" }],
    ["too many items", { items: tooMany }, { code: "array_above_max_length", param: "items" }],
    ["an unknown item", { items: [{ type: "thought" }] }, { code: "invalid_value", param: "items[0].type" }],
    ["an unknown role", { items: [{ role: "bot", content: "Hi" }] }, { param: "items[0].role" }],
  ];
  it.each(refusals)("%s", async (_name, body, expected) => {
    const error = await readError(await send("POST", "/v1/conversations", body));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", ...expected });
  });

  it("changes that say nothing", async () => {
    const id = await converse();
    const missing = { status: 400, code: "missing_required_parameter" };
    expect(await readError(await ask("POST", id, {}))).toMatchObject({ ...missing, param: "metadata" });
    expect(await readError(await ask("POST", `${id}/items`, {}))).toMatchObject({ ...missing, param: "items" });
  });

  it("an id that nobody has", async () => {
    const message = "Conversation with id 'conv_none' not found.";
    const expected = { status: 404, type: "invalid_request_error", message, param: null, code: null };
    for (const [method, place] of [
      ["GET", "conv_none"],
      ["POST", "conv_none"],
      ["DELETE", "conv_none"],
      ["GET", "conv_none/items"],
      ["POST", "conv_none/items"],
    ] as const) {
      expect(await readError(await ask(method, place, method === "POST" ? {} : undefined))).toEqual(expected);
    }
  });
});

describe("the official client", () => {
  const client = new OpenAI({
    apiKey: "emulated-key",
    baseURL: "http://provider.test/v1",
    fetch: async (url, init) => provider.fetch(new Request(url, init), emulatedEnv),
  });

  it("makes, fills, pages through and deletes a conversation", async () => {
    const { id } = await client.conversations.create();
    await client.conversations.update(id, { metadata: { topic: "rivers" } });
    expect((await client.conversations.retrieve(id)).metadata).toEqual({ topic: "rivers" });
    await client.conversations.items.create(id, { items: [{ role: "developer", content: "Be brief." }] });
    const answer = await client.responses.create({ model: "gpt-5-mini", input: "Hi", conversation: id });
    expect(answer.conversation).toEqual({ id });
    const listed = await Array.fromAsync(client.conversations.items.list(id, { limit: 1, order: "asc" }));
    expect(listed.map((item) => item.type)).toEqual(["message", "message", "reasoning", "message"]);
    expect(await client.conversations.delete(id)).toMatchObject({ deleted: true });
    await expect(client.conversations.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });
});
