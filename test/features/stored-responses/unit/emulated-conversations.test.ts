// The emulated provider's conversations: routes, growth by responses, and the lock.

import type { Conversation } from "openai/resources/conversations/conversations";
import type { ConversationItemList } from "openai/resources/conversations/items";
import { describe, expect, it } from "vitest";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import {
  createConversation,
  extendLater,
  findConversation,
} from "../../../../dev/provider/stored-responses/conversations-store.ts";
import { readError, readFirst, readJson, scriptedText, send } from "../../../provider/support/client.ts";
import { respond, sendResponse } from "../../../provider/support/responses.ts";

const ROUTE = "/v1/conversations";
/** An input whose answer is "Hello." without reasoning. */
const HELLO = scriptedText({ text: "Hello.", reasoning: 0 });

/** Creates a conversation with these user messages, and returns its id. */
async function converse(...texts: string[]): Promise<string> {
  const items = texts.map((content) => ({ role: "user", content }));
  return (await readJson<Conversation>(await send("POST", ROUTE, { items }))).id;
}

const page = async (id: string, query: string) =>
  readJson<ConversationItemList>(await send("GET", `${ROUTE}/${id}/items?${query}`));

/** The items of a conversation, the oldest first: role and text of a message, or the type of another item. */
async function turns(id: string): Promise<string[]> {
  const { data } = await page(id, "order=asc&limit=100");
  return data.map((item) => {
    if (item.type !== "message") return item.type;
    return `${item.role}: ${item.content.map((part) => ("text" in part ? part.text : part.type)).join()}`;
  });
}

const SLOW = scriptedText({ tokens: 9, delay_ms: 60_000 });

/** Reads a response whose stream may fail. */
async function drain(fields: object): Promise<void> {
  await (await sendResponse(fields)).text().catch(() => "");
}

async function expectLocked(conversation: string): Promise<void> {
  const expected = { status: 400, param: "conversation", code: "conversation_locked" };
  expect(await readError(await sendResponse({ conversation }))).toMatchObject(expected);
}

async function expectFree(conversation: string): Promise<void> {
  expect((await sendResponse({ conversation, input: HELLO })).status).toBe(200);
}

describe("the routes of a conversation", () => {
  it("list items in pages, the newest first", async () => {
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
      expect((await send("GET", `${ROUTE}/${id}/items?${query}`)).status).toBe(400);
    }
  });

  it("refuse unknown items and ids", async () => {
    const unknownItem = await send("POST", ROUTE, { items: [{ type: "thought" }] });
    expect(await readError(unknownItem)).toMatchObject({ status: 400, param: "items[0].type" });
    const message = "Conversation with id 'conv_none' not found.";
    for (const [method, place] of [
      ["GET", "conv_none"],
      ["DELETE", "conv_none"],
      ["POST", "conv_none/items"],
    ] as const) {
      const body = method === "POST" ? {} : undefined;
      expect(await readError(await send(method, `${ROUTE}/${place}`, body))).toMatchObject({
        status: 404,
        message,
        param: null,
      });
    }
  });
});

describe("a response in a conversation", () => {
  it("reads all items of it, and counts them", async () => {
    const question = "How deep is Lake Baikal?";
    const conversation = await converse(question);
    const alone = await respond({ input: "And how wide?" });
    const body = { model: "gpt-5-mini", input: "And how wide?", conversation: { id: conversation } };
    const counted = await readJson(await send("POST", "/v1/responses/input_tokens", body));
    const answer = await respond(body);
    expect(answer.conversation).toEqual({ id: conversation });
    expect(counted).toMatchObject({ input_tokens: answer.usage?.input_tokens });
    // Each message costs 4 tokens more than its text.
    const grown = (answer.usage?.input_tokens ?? 0) - (alone.usage?.input_tokens ?? 0);
    expect(grown).toBe(countTokens(question) + 4);
    expect(alone).not.toHaveProperty("conversation");
  });

  it("is refused an unknown conversation, and one beside a previous response", async () => {
    const conversation = await converse();
    const both = { conversation, previous_response_id: (await respond({})).id };
    expect(await readError(await sendResponse(both))).toMatchObject({ code: "mutually_exclusive_parameters" });
    const unknown = await readError(await sendResponse({ conversation: { id: "conv_none" } }));
    expect(unknown).toMatchObject({ status: 404, param: "conversation" });
  });

  it.each([
    ["whole", {}],
    ["streamed", { stream: true }],
    ["not stored", { store: false }],
    ["in the background", { background: true }],
  ])("is added to it: %s", async (_name, fields) => {
    const conversation = await converse("Hi");
    const request = { input: HELLO, ...fields, conversation };
    await drain(request);
    expect(await turns(conversation)).toEqual(["user: Hi", `user: ${request.input}`, "assistant: Hello."]);
  });

  it.each([
    ["fails after a token", { error_after: 1 }],
    ["is cut", { cut_after: 1 }],
  ])("is not added when it %s, and releases the lock", async (_name, script) => {
    const conversation = await converse("Hi");
    const input = scriptedText({ tokens: 9, ...script });
    for (const stream of [true, false]) await drain({ input, conversation, stream });
    expect(await turns(conversation)).toEqual(["user: Hi"]);
    await expectFree(conversation);
  });
});

describe("a conversation with a running response", () => {
  it("is locked until the last event of a stream, which adds the items", async () => {
    const conversation = await converse();
    const response = await sendResponse({ stream: true, input: HELLO, conversation });
    let text = "";
    for await (const bytes of response.body ?? []) {
      text += Buffer.from(bytes).toString();
      const isComplete = text.includes("response.completed");
      expect(await turns(conversation)).toHaveLength(isComplete ? 2 : 0);
      if (!isComplete) await expectLocked(conversation);
    }
    await expectFree(conversation);
  });

  it("is locked while a whole answer is made, until the caller leaves", async () => {
    const conversation = await converse();
    const caller = new AbortController();
    const answer = sendResponse({ conversation, input: SLOW }, { signal: caller.signal });
    await expectLocked(conversation);
    await expectFree(await converse());
    caller.abort();
    expect((await answer).status).toBe(499);
    await expectFree(conversation);
  });

  it("is free when the reader of a stream leaves", async () => {
    const conversation = await converse();
    const response = await sendResponse({ input: scriptedText({ tokens: 9 }), conversation, stream: true });
    await expectLocked(conversation);
    await readFirst(response);
    expect(await turns(conversation)).toEqual([]);
    await expectFree(conversation);
  });

  it.each([false, true])("is locked while it runs in the background (streamed: %s)", async (stream) => {
    const conversation = await converse();
    const response = await sendResponse({ background: true, stream, conversation, input: SLOW });
    const [id = ""] = /resp_\w+/.exec(await readFirst(response)) ?? [];
    // The reader has left, and the response goes on.
    await expectLocked(conversation);
    await send("POST", `/v1/responses/${id}/cancel`);
    expect(await turns(conversation)).toEqual([]);
    await expectFree(conversation);
  });

  it("gets the items of a background response at its end, unless it fails or is cancelled", () => {
    let status = "queued";
    const { id } = createConversation(new Date(0), {}, []);
    const found = () => findConversation(id).items.map((item) => item["id"]);
    extendLater(findConversation(id), [{ id: "msg_late" }], () => ({ status }));
    expect(found()).toEqual([]);
    status = "in_progress";
    expect(found()).toEqual([]);
    status = "completed";
    expect([found(), found()]).toEqual([["msg_late"], ["msg_late"]]);
    for (status of ["failed", "cancelled"]) {
      extendLater(findConversation(id), [{ id: "msg_lost" }], () => ({ status }));
      expect(found()).toEqual(["msg_late"]);
    }
  });
});
