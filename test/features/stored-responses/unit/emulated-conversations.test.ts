// The emulated provider's conversations: routes, growth by responses, and the lock.
import { describe, expect, it } from "vitest";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import {
  createConversation,
  extendLater,
  findConversation,
} from "../../../../dev/provider/stored-responses/conversations-store.ts";
import { readError, readFirst, readJson, scriptedText, send } from "../../../provider/support/client.ts";
import { respond, sendResponse, streamResponse } from "../../../provider/support/responses.ts";
import { converse, HELLO, page, sendTo, turns } from "../support/emulated-conversations.ts";

const SLOW = scriptedText({ tokens: 9, delay_ms: 60_000 });

/** Reads a response whose stream may fail. */
async function drain(fields: object): Promise<void> {
  await (await sendResponse(fields)).text().catch(() => "");
}

/** Calls `check` with the text so far after each piece of a stream. */
async function follow(response: Response, check: (text: string) => Promise<void>): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    await check(text);
  }
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
      expect((await sendTo("GET", `${id}/items?${query}`)).status).toBe(400);
    }
  });

  it("refuse unknown items and ids", async () => {
    const unknownItem = await send("POST", "/v1/conversations", { items: [{ type: "thought" }] });
    expect(await readError(unknownItem)).toMatchObject({ status: 400, param: "items[0].type" });
    const message = "Conversation with id 'conv_none' not found.";
    for (const [method, place] of [
      ["GET", "conv_none"],
      ["DELETE", "conv_none"],
      ["POST", "conv_none/items"],
    ] as const) {
      const body = method === "POST" ? {} : undefined;
      expect(await readError(await sendTo(method, place, body))).toMatchObject({ status: 404, message, param: null });
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

  it("needs no input, and continues from a tool call", async () => {
    const tools = [{ type: "function", name: "get_weather", parameters: { type: "object", properties: {} } }];
    const conversation = await converse("What is the weather?");
    const first = await respond({ input: undefined, tools, conversation });
    const call = first.output.at(-1);
    const callId = call?.type === "function_call" ? call.call_id : "";
    expect(await readError(await sendResponse({ conversation }))).toMatchObject({ status: 400, param: "input" });
    const result = { type: "function_call_output", call_id: callId, output: "31 degrees" };
    expect(JSON.stringify((await respond({ input: [result], tools, conversation })).output)).toContain("31 degrees");
    const types = (await turns(conversation)).map((turn) => turn.replace(/:.*/s, ""));
    expect(types).toEqual(["user", "reasoning", "function_call", "function_call_output", "reasoning", "assistant"]);
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
    ["split", { input: scriptedText({ text: "Hello.", reasoning: 0, split: 5 }) }],
    ["streamed", { stream: true }],
    ["not stored", { store: false }],
    ["in the background", { background: true }],
    ["in the background and streamed", { background: true, stream: true }],
  ])("is added to it: %s", async (_name, fields) => {
    const conversation = await converse("Hi");
    const request = { input: HELLO, ...fields, conversation };
    await drain(request);
    expect(await turns(conversation)).toEqual(["user: Hi", `user: ${request.input}`, "assistant: Hello."]);
  });

  it.each([
    ["fails", { status: 503 }],
    ["fails after a token", { error_after: 1 }],
    ["is cut", { cut_after: 1 }],
    ["is cut at its end", { cut_after: 9 }],
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
    await follow(response, async (text) => {
      const isComplete = text.includes("response.completed");
      expect(await turns(conversation)).toHaveLength(isComplete ? 2 : 0);
      if (!isComplete) await expectLocked(conversation);
    });
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

  it("is free after the last event of a background stream, before its time is over", async () => {
    const conversation = await converse();
    const input = scriptedText({ text: "Hello.", reasoning: 0, first_ms: 20, delay_ms: 20 });
    const events = await streamResponse({ background: true, conversation, input });
    const last = events.at(-1)?.response;
    expect(last?.conversation).toEqual({ id: conversation });
    expect(await readJson(await send("GET", `/v1/responses/${last?.id}`))).toMatchObject({ status: "completed" });
    expect(await turns(conversation)).toHaveLength(2);
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
