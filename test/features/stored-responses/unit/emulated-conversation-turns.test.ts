// What the emulated provider's responses read of a conversation, and which of them are added to it.
import type { Response as ModelResponse } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import {
  createConversation,
  extendLater,
  findConversation,
} from "../../../../dev/provider/stored-responses/conversations-store.ts";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { readError, readJson, send } from "../../../provider/support/client.ts";
import { ask, converse, turns } from "../support/emulated-conversations.ts";
import { respond, scriptedInput, sendResponse, streamResponse } from "../../../provider/support/responses.ts";

const HELLO = scriptedInput({ text: "Hello.", reasoning: 0 });
const TURN = [`user: ${HELLO}`, "assistant: Hello."];

/** What a response begins with; then the reader leaves. */
async function readFirst(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

/** Whatever comes of a response whose stream may break. */
async function drain(fields: object): Promise<void> {
  await (await sendResponse(fields)).text().catch(() => "");
}

describe("a response in a conversation", () => {
  it("is shown all that was said there, and counted with it", async () => {
    const question = "How deep is Lake Baikal?";
    const conversation = await converse(question);
    const alone = await respond({ input: "And how wide?" });
    const body = { model: "gpt-5-mini", input: "And how wide?", conversation: { id: conversation } };
    const counted = await readJson(await send("POST", "/v1/responses/input_tokens", body));
    const answer = await respond(body);
    expect(answer.conversation).toEqual({ id: conversation });
    expect(counted).toMatchObject({ input_tokens: answer.usage?.input_tokens });
    // The question with the 4 tokens around it.
    const grown = (answer.usage?.input_tokens ?? 0) - (alone.usage?.input_tokens ?? 0);
    expect(grown).toBe(countTokens(question) + 4);
    expect(await readJson(await send("GET", `/v1/responses/${answer.id}/input_items`))).toMatchObject({
      data: [{ content: [{ text: "And how wide?" }] }, { content: [{ text: question }] }],
    });
    expect(alone).not.toHaveProperty("conversation");
  });

  it("needs no input of its own", async () => {
    const conversation = await converse(HELLO);
    await respond({ input: undefined, conversation });
    expect(await turns(conversation)).toEqual(TURN);
  });

  it("goes on from tools that it has called", async () => {
    const tools = [{ type: "function", name: "get_weather", parameters: { type: "object", properties: {} } }];
    const conversation = await converse();
    const first = await respond({ input: "What is the weather?", tools, conversation });
    const call = first.output.at(-1);
    const callId = call?.type === "function_call" ? call.call_id : "";
    expect(await readError(await sendResponse({ conversation }))).toMatchObject({ status: 400, param: "input" });
    const result = { type: "function_call_output", call_id: callId, output: "31 degrees" };
    const second = await respond({ input: [result], tools, conversation });
    expect(JSON.stringify(second.output)).toContain("31 degrees");
    const types = (await turns(conversation)).map((turn) => turn.replace(/:.*/s, ""));
    expect(types).toEqual(["user", "reasoning", "function_call", "function_call_output", "reasoning", "assistant"]);
  });

  it("is refused what it may not read", async () => {
    const conversation = await converse();
    const image = { type: "input_image", image_url: "https://example.com/a.png" };
    await ask("POST", `${conversation}/items`, { items: [{ role: "user", content: [image] }] });
    expect((await sendResponse({ conversation })).status).toBe(200);
    const blind = await readError(await sendResponse({ model: "o3-mini", conversation }));
    expect(blind).toMatchObject({ status: 400, param: "conversation[0].content[0].type" });
    const previous = await respond({});
    const both = { conversation, previous_response_id: previous.id };
    const exclusive = {
      status: 400,
      type: "invalid_request_error",
      param: null,
      code: "mutually_exclusive_parameters",
    };
    expect(await readError(await sendResponse(both))).toMatchObject(exclusive);
    const counting = { model: "gpt-5-mini", input: "Hi", ...both };
    expect(await readError(await send("POST", "/v1/responses/input_tokens", counting))).toMatchObject(exclusive);
    expect(await readError(await sendResponse({ conversation: 1 }))).toMatchObject({ code: "invalid_type" });
    expect(await readError(await sendResponse({ conversation: {} }))).toMatchObject({ param: "conversation.id" });
    const unknown = { conversation: { id: "conv_none" } };
    const message = "Conversation with id 'conv_none' not found.";
    expect(await readError(await sendResponse(unknown))).toMatchObject({ status: 404, param: "conversation", message });
  });
});

describe("a conversation grows", () => {
  it.each([
    ["whole", {}],
    ["in pieces", { input: scriptedInput({ text: "Hello.", reasoning: 0, split: 5 }) }],
    ["streamed", { stream: true }],
    ["not stored", { store: false }],
    ["in the background", { background: true }],
    ["in the background and streamed", { background: true, stream: true }],
  ])("by a response that is %s", async (_name, fields) => {
    const conversation = await converse("Hi");
    const request = { input: HELLO, ...fields, conversation };
    await drain(request);
    expect(await turns(conversation)).toEqual(["user: Hi", `user: ${request.input}`, "assistant: Hello."]);
  });

  it("by one that reached its output limit", async () => {
    const conversation = await converse();
    const answer = await respond({ conversation, input: scriptedInput({ tokens: 9, length_after: 1, reasoning: 0 }) });
    expect(answer.status).toBe("incomplete");
    expect(await turns(conversation)).toEqual([expect.stringMatching(/^user/), "assistant: water"]);
  });

  it("before the last event of a stream can be read", async () => {
    const conversation = await converse();
    const response = await sendResponse({ stream: true, input: HELLO, conversation });
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true });
      expect(await turns(conversation)).toHaveLength(text.includes("response.completed") ? 2 : 0);
    }
  });

  it.each([
    ["fails", { status: 503 }],
    ["fails on its way", { error_after: 1 }],
    ["is cut", { cut_after: 1 }],
    ["is cut at its end", { cut_after: 9 }],
  ])("but not by a response that %s", async (_name, script) => {
    const conversation = await converse("Hi");
    const input = scriptedInput({ tokens: 9, ...script });
    for (const stream of [true, false]) await drain({ input, conversation, stream });
    expect(await turns(conversation)).toEqual(["user: Hi"]);
  });

  it("but not by a stream whose reader leaves", async () => {
    const conversation = await converse("Hi");
    const response = await sendResponse({ input: HELLO, conversation, stream: true });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await turns(conversation)).toEqual(["user: Hi"]);
  });
});

async function expectLocked(conversation: string): Promise<void> {
  expect(await readError(await sendResponse({ conversation }))).toEqual({
    status: 400,
    message: "Another process is currently operating on this conversation. Please retry in a few seconds.",
    type: "invalid_request_error",
    param: "conversation",
    code: "conversation_locked",
  });
}

async function expectFree(conversation: string): Promise<void> {
  expect((await sendResponse({ conversation, input: HELLO })).status).toBe(200);
}

describe("a conversation in which a response runs", () => {
  it("takes no other until all of its stream was said", async () => {
    const conversation = await converse();
    const response = await sendResponse({ stream: true, input: HELLO, conversation });
    await expectLocked(conversation);
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true });
      if (text.includes("response.completed")) await expectFree(conversation);
      else await expectLocked(conversation);
    }
    expect(await turns(conversation)).toEqual([...TURN, ...TURN]);
  });

  it("may be read and counted, and others are not concerned", async () => {
    const conversation = await converse();
    await sendResponse({ stream: true, input: HELLO, conversation });
    await expectFree(await converse());
    const counting = { model: "gpt-5-mini", input: "Hi", conversation };
    expect((await send("POST", "/v1/responses/input_tokens", counting)).status).toBe(200);
    expect(await turns(conversation)).toEqual([]);
  });

  it("takes no other while a whole answer is being made", async () => {
    const conversation = await converse();
    const caller = new AbortController();
    const slow = { conversation, input: scriptedInput({ tokens: 9, delay_ms: 60_000 }) };
    const answer = sendResponse(slow, { signal: caller.signal });
    await expectLocked(conversation);
    caller.abort();
    expect((await answer).status).toBe(499);
    await expectFree(conversation);
  });

  it.each([
    ["fails", { status: 503 }],
    ["fails on its way", { error_after: 1 }],
    ["is cut", { cut_after: 1 }],
  ])("is free again when it %s", async (_name, script) => {
    const conversation = await converse();
    for (const stream of [true, false]) {
      await drain({ input: scriptedInput({ tokens: 9, ...script }), conversation, stream });
      await expectFree(conversation);
    }
  });

  it.each([{ tokens: 9 }, { tokens: 9, stall_after: 1 }])(
    "is free again when the reader of %j leaves",
    async (script) => {
      const conversation = await converse();
      const response = await sendResponse({ input: scriptedInput(script), conversation, stream: true });
      const reader = response.body?.getReader();
      await reader?.read();
      await expectLocked(conversation);
      await reader?.cancel();
      await expectFree(conversation);
    },
  );

  it.each([false, true])("takes no other while it is in the background (streamed: %s)", async (stream) => {
    const conversation = await converse();
    const slow = scriptedInput({ tokens: 9, delay_ms: 60_000 });
    const response = await sendResponse({ background: true, stream, conversation, input: slow });
    await expectLocked(conversation);
    const [id = ""] = /resp_\w+/.exec(await readFirst(response)) ?? [];
    // Whoever listens to it may leave.
    await expectLocked(conversation);
    await send("POST", `/v1/responses/${id}/cancel`);
    await expectFree(conversation);
  });

  it("is free when a stream in the background fails", async () => {
    const conversation = await converse();
    const input = scriptedInput({ tokens: 9, delay_ms: 60_000, error_after: 1 });
    const events = await streamResponse({ background: true, conversation, input });
    expect(events.at(-1)?.type).toBe("response.failed");
    await expectFree(conversation);
  });

  it("is free with the last event of a stream in the background, whatever the clock says", async () => {
    const conversation = await converse();
    const input = scriptedInput({ text: "Hello.", reasoning: 0, first_ms: 20, delay_ms: 20 });
    const events = await streamResponse({ background: true, conversation, input });
    const { id = "" } = events.at(-1)?.response ?? {};
    expect(await readJson(await send("GET", `/v1/responses/${id}`))).toMatchObject({ status: "completed" });
    expect(await turns(conversation)).toHaveLength(2);
    await expectFree(conversation);
  });
});

describe("a response in the background", () => {
  it("is added when it has ended, in its turn", () => {
    let status = "queued";
    const { id, items } = createConversation(new Date(0), {}, []);
    const found = () => findConversation(id).items.map((item) => item["id"]);
    extendLater(findConversation(id), [{ id: "msg_late" }], () => ({ status }));
    expect(items).toEqual([]);
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

  it("is not added when it fails or is cancelled", async () => {
    const conversation = await converse();
    await respond({ background: true, conversation, input: scriptedInput({ error_after: 0 }) });
    const slow = { background: true, conversation, input: scriptedInput({ tokens: 9, delay_ms: 60_000 }) };
    const running = await respond(slow);
    expect(running).toMatchObject({ status: "queued", conversation: { id: conversation } });
    const cancelled = await readJson<ModelResponse>(await send("POST", `/v1/responses/${running.id}/cancel`));
    expect(cancelled.status).toBe("cancelled");
    expect(await turns(conversation)).toEqual([]);
  });

  it("may end after its conversation was deleted", async () => {
    const conversation = await converse();
    const { id } = await respond({ background: true, conversation, input: HELLO });
    await ask("DELETE", conversation);
    expect(await readJson(await send("GET", `/v1/responses/${id}`))).toMatchObject({ status: "completed" });
  });

  it("tells of its conversation in a stream too", async () => {
    const conversation = await converse();
    const events = await streamResponse({ background: true, conversation, input: HELLO });
    const told = [events[0], events.at(-1)].map((event) => event?.response?.conversation);
    expect(told).toEqual([{ id: conversation }, { id: conversation }]);
  });
});
