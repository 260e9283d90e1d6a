// The emulated provider's Responses, whole: what it refuses, what it answers, and what the official client makes of it.
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import provider from "../../../dev/provider/index.ts";
import { countTokens } from "../../../dev/provider/kernel/generation/tokens.ts";
import { complete, emulatedEnv, readError, readJson, scripted, send, sendChat, user } from "../support/client.ts";
import { respond, scriptedInput, sendResponse } from "../support/responses.ts";

const CREATED = Date.UTC(2026, 9, 1) / 1000;

/** How an answer of ten tokens ends within a limit, of which items it is, and what it costs. */
async function spend(max_output_tokens: number) {
  const answer = await respond({ max_output_tokens, input: scriptedInput({ tokens: 10 }) });
  const types = answer.output.map((item) => item.type).join();
  return [answer.status, answer.incomplete_details?.reason, types, answer.usage?.output_tokens];
}

/** The items of an answer to a question that the web may be searched for. */
async function searches(script: object, fields: object = {}) {
  const tools = [{ type: "web_search" }, { type: "mcp", server_label: "m", server_url: "https://example.com" }];
  const { output } = await respond({ input: scriptedInput(script, "Paris?"), tools, ...fields });
  return output.map((item) => item.type).join();
}

describe("what Responses refuses", () => {
  const call = { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" };
  const result = { type: "function_call_output", call_id: "call_1", output: "31" };
  const part = { type: "text", text: "Hi" };
  const image = { type: "input_image", image_url: "https://example.com/a.png" };
  const refusals: [string, object, object][] = [
    ["no input", { input: undefined }, { code: "missing_required_parameter", param: "input" }],
    ["no model", { model: undefined }, { code: "missing_required_parameter", param: "model" }],
    ["an unknown model", { model: "gpt-9" }, { status: 404, code: "model_not_found" }],
    ["a model of another endpoint", { model: "text-embedding-3-small" }, { param: "model", code: null }],
    ["an unknown field", { messages: [] }, { code: "unknown_parameter", message: "Unknown parameter: 'messages'." }],
    ["an input that is a number", { input: 1 }, { code: "invalid_type", param: "input" }],
    ["an unknown item", { input: [{ type: "thought" }] }, { code: "invalid_value", param: "input[0].type" }],
    ["an item without a type", { input: [{}] }, { code: "missing_required_parameter", param: "input[0].type" }],
    ["an unknown role", { input: [{ role: "bot", content: "Hi" }] }, { param: "input[0].role" }],
    ["a message without content", { input: [{ role: "user" }] }, { param: "input[0].content" }],
    ["a part of Chat Completions", { input: [{ role: "user", content: [part] }] }, { code: "invalid_value" }],
    ["an input part of the assistant", { input: [{ role: "assistant", content: [image] }] }, { code: "invalid_value" }],
    ["images for a blind model", { model: "o3-mini", input: [{ role: "user", content: [image] }] }, { code: null }],
    [
      "an image that is not in base64",
      { input: [{ role: "user", content: [{ ...image, image_url: "data:image/png;base64,A" }] }] },
      { code: "invalid_image_url", param: "input[0].content[0].image_url", message: "Invalid base64 image_url." },
    ],
    ["a result without its call", { input: [result] }, { param: "input", message: expect.stringContaining("call_1") }],
    ["a call without its result", { input: [call] }, { param: "input", message: expect.stringContaining("call_1") }],
    ["an item that nobody said", { input: [{ type: "item_reference", id: "rs_1" }] }, { status: 404, param: "input" }],
    ["too few output tokens", { max_output_tokens: 15 }, { code: "integer_below_min_value" }],
    ["more output than the model has", { max_output_tokens: 128_001 }, { code: "integer_above_max_value" }],
    ["a temperature", { temperature: 0.5 }, { param: "temperature", message: expect.stringMatching(/^Unsupported/) }],
    ["a wrong type", { model: "emulated-swift", temperature: "0.5" }, { code: "invalid_type", param: "temperature" }],
    ["metadata that is no text", { metadata: { a: 1 } }, { code: "invalid_type", param: "metadata.a" }],
    ["an effort that the model has not", { reasoning: { effort: "max" } }, { code: "unsupported_value" }],
    [
      "an effort where nothing reasons",
      { model: "emulated-swift", reasoning: { effort: "low" } },
      { param: "reasoning.effort" },
    ],
    ["an unknown summary", { reasoning: { summary: "long" } }, { code: "invalid_value", param: "reasoning.summary" }],
    ["an unknown inclusion", { include: ["all"] }, { code: "invalid_value", param: "include[0]" }],
    ["an unknown truncation", { truncation: "some" }, { code: "invalid_value", param: "truncation" }],
    ["an unknown verbosity", { text: { verbosity: "max" } }, { param: "text.verbosity" }],
    ["json_object without the word", { text: { format: { type: "json_object" } } }, { param: "input" }],
    ["a schema without a name", { text: { format: { type: "json_schema" } } }, { param: "text.format.name" }],
    ["a tool of Chat Completions", { tools: [{ type: "function", function: {} }] }, { param: "tools[0].name" }],
    ["an unknown tool", { tools: [{ type: "hammer" }] }, { code: "invalid_value", param: "tools[0].type" }],
    [
      "a tool's name with other characters",
      { tools: [{ type: "custom", name: "look up" }] },
      { code: "invalid_value", param: "tools[0].name", message: expect.stringContaining("does not match pattern") },
    ],
    ["a choice of no tool", { tool_choice: { type: "function", name: "look" } }, { param: "tool_choice" }],
    ["stream_options without a stream", { stream_options: {} }, { param: "stream_options" }],
    ["usage options", { stream: true, stream_options: { include_usage: true } }, { code: "unknown_parameter" }],
    ["a conversation", { conversation: "conv_1" }, { status: 404, param: "conversation" }],
    ["the background without storage", { background: true, store: false }, { param: "background" }],
    [
      "an unknown predecessor",
      { previous_response_id: "resp_1" },
      { code: "previous_response_not_found", param: "previous_response_id" },
    ],
    ["an input too long", { input: "word ".repeat(400_001) }, { code: "context_length_exceeded", param: "input" }],
    ["a wrong script", { input: "emulate {}}" }, { param: "input", message: expect.stringContaining("JSON") }],
  ];
  it.each(refusals)("%s", async (_name, fields, expected) => {
    const error = await readError(await sendResponse(fields));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", ...expected });
    expect(Object.keys(error)).toEqual(["status", "message", "type", "param", "code"]);
  });

  it("but not nulls, nor values that change nothing, nor what only Chat Completions lacks", async () => {
    const neutral = {
      temperature: 1,
      top_p: null,
      top_logprobs: 0,
      instructions: null,
      tools: null,
      text: { format: null },
    };
    expect((await sendResponse(neutral)).status).toBe(200);
    const tool = { type: "function", name: "look", parameters: {} };
    expect((await sendResponse({ model: "gpt-6.1-terra", tools: [tool] })).status).toBe(200);
    const chatTool = { type: "function", function: { name: "look" } };
    const refused = await readError(await sendChat({ model: "gpt-6.1-terra", tools: [chatTool] }));
    expect(refused).toMatchObject({ status: 400, code: "unsupported_parameter", param: "tools" });
  });
});

describe("the response", () => {
  const baikal = "How deep is Lake Baikal?";

  it("has every field, and repeats the request", async () => {
    const repeated = {
      instructions: "Be brief.",
      max_output_tokens: 999,
      metadata: { app: "weir" },
      prompt_cache_key: "k",
      reasoning: { effort: "low", summary: null },
      safety_identifier: "s",
      store: false,
      text: { format: { type: "text" }, verbosity: "low" },
      truncation: "auto",
      user: "u",
    };
    const response = await sendResponse({ ...repeated, input: baikal });
    expect(response.headers.get("x-ratelimit-limit-requests")).toMatch(/^\d+$/);
    const answer = await readJson<OpenAI.Responses.Response>(response);
    const text = answer.output.find((item) => item.type === "message")?.content[0];
    const said = text?.type === "output_text" ? text.text : "";
    const input = 3 + 8 + countTokens("Be brief.") + countTokens(baikal);
    const output = 16 + countTokens(said);
    expect(said).toMatch(/Baikal.*emulated provider/);
    expect(answer).toEqual({
      ...repeated,
      id: expect.stringMatching(/^resp_[0-9a-f]{32}$/),
      object: "response",
      created_at: CREATED,
      completed_at: CREATED,
      status: "completed",
      background: false,
      error: null,
      incomplete_details: null,
      max_tool_calls: null,
      model: "gpt-5-mini-2025-08-07",
      output: [
        { id: expect.stringMatching(/^rs_/), type: "reasoning", summary: [] },
        {
          id: expect.stringMatching(/^msg_/),
          type: "message",
          status: "completed",
          role: "assistant",
          content: [{ type: "output_text", text: said, annotations: [], logprobs: [] }],
        },
      ],
      parallel_tool_calls: true,
      previous_response_id: null,
      service_tier: "default",
      temperature: 1,
      tool_choice: "auto",
      tools: [],
      top_logprobs: 0,
      top_p: 1,
      usage: {
        input_tokens: input,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: output,
        output_tokens_details: { reasoning_tokens: 16 },
        total_tokens: input + output,
      },
    });
  });

  it("says and costs what Chat Completions does", async () => {
    const { choices, usage } = await complete({ messages: [user(baikal)] });
    const answer = await respond({ input: [{ role: "user", content: [{ type: "input_text", text: baikal }] }] });
    expect(answer.output.at(-1)).toMatchObject({ content: [{ text: choices[0]?.message.content }] });
    expect(answer.usage?.input_tokens).toBe(usage?.prompt_tokens);
    expect(answer.usage?.output_tokens).toBe(usage?.completion_tokens);
    const counted = await send("POST", "/v1/responses/input_tokens", { model: "gpt-5-mini", input: baikal });
    expect(await readJson(counted)).toMatchObject({ input_tokens: usage?.prompt_tokens });
  });

  it("stops at its limit, reasoning first", async () => {
    expect(await spend(74)).toEqual(["completed", undefined, "reasoning,message", 74]);
    expect(await spend(73)).toEqual(["incomplete", "max_output_tokens", "reasoning,message", 73]);
    expect(await spend(64)).toEqual(["incomplete", "max_output_tokens", "reasoning", 64]);
  });

  it("follows its script", async () => {
    const plain = await respond({ input: scriptedInput({ tokens: 5, reasoning: 0, no_usage: true }) });
    expect(plain).toMatchObject({ usage: null, output: [{ type: "message" }] });
    const refused = await respond({ input: scriptedInput({ refuse: "I will not.", reasoning: 0 }) });
    expect(refused.output).toMatchObject([{ content: [{ type: "refusal", refusal: "I will not." }] }]);
    const chat = await complete({ messages: scripted({ refuse: "I will not." }) });
    expect(chat.choices[0]?.message).toMatchObject({ content: null, refusal: "I will not." });
    expect(await readError(await sendResponse({ input: scriptedInput({ status: 503 }) }))).toMatchObject({
      status: 503,
    });
    expect((await sendResponse({ input: scriptedInput({ error_after: 1 }) })).status).toBe(500);
  });

  it("shows encrypted reasoning to who asks, and takes it back", async () => {
    const first = await respond({ include: ["reasoning.encrypted_content"], store: false });
    expect(first.output[0]).toMatchObject({ type: "reasoning", encrypted_content: expect.stringMatching(/^gAAAA/) });
    const input = [{ role: "user", content: "Hi" }, ...first.output, { role: "user", content: "And?" }];
    expect((await sendResponse({ input, store: false })).status).toBe(200);
  });
});

describe("tools", () => {
  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const tools = [{ type: "function", name: "get_weather", description: "Current weather", parameters }];
  const input = "What is the weather in Paris?";

  it("are called, and answered", async () => {
    const { output } = await respond({ input, tools });
    const call = output.at(-1);
    const called = { type: "function_call", status: "completed", name: "get_weather", arguments: '{"city":"Paris"}' };
    expect(call).toMatchObject({
      ...called,
      id: expect.stringMatching(/^fc_/),
      call_id: expect.stringMatching(/^call_/),
    });
    const callId = call?.type === "function_call" ? call.call_id : "";
    const result = { type: "function_call_output", call_id: callId, output: "31 degrees" };
    const after = await respond({ input: [{ role: "user", content: input }, ...output, result], tools });
    expect(JSON.stringify(after.output)).toContain("31 degrees");
  });

  it("may be custom, forced or forbidden", async () => {
    const custom = [{ type: "custom", name: "shell" }];
    const choice = { type: "custom", name: "shell" };
    const forced = await respond({ input, tools: [...tools, ...custom], tool_choice: choice });
    expect(forced.output.at(-1)).toMatchObject({ type: "custom_tool_call", name: "shell", input });
    const none = await respond({ input, tools, tool_choice: "none" });
    expect(none.output.at(-1)?.type).toBe("message");
  });

  it("search the web as often as scripted, within the request's bound", async () => {
    expect(await searches({ reasoning: 0 })).toBe("web_search_call,message");
    expect(await searches({ reasoning: 0, tool_calls: 3 })).toBe(
      "web_search_call,web_search_call,web_search_call,message",
    );
    expect(await searches({ tool_calls: 3 }, { max_tool_calls: 1 })).toBe("reasoning,web_search_call,message");
    expect(await searches({ tool_calls: 0 })).toBe("reasoning,message");
    expect(await searches({}, { tool_choice: "none" })).toBe("reasoning,message");
  });

  it("leave room for JSON that fits a schema", async () => {
    const properties = { kind: { type: "string", enum: ["lake", "river"] } };
    const schema = { type: "object", properties, required: ["kind"], additionalProperties: false };
    const format = { type: "json_schema", name: "place", schema, strict: true };
    const answer = await respond({ input: "Tell of Baikal", text: { format } });
    expect(answer.output.at(-1)).toMatchObject({ content: [{ text: '{"kind":"lake"}' }] });
  });
});

describe("the official client", () => {
  const client = new OpenAI({
    apiKey: "emulated-key",
    baseURL: "http://provider.test/v1",
    fetch: async (url, init) => provider.fetch(new Request(url, init), emulatedEnv),
  });
  const request = { model: "gpt-5-mini", input: scriptedInput({ text: "grüße 🎉" }) };

  it("reads a whole response, a stream, and a stored one", async () => {
    const whole = await client.responses.create(request);
    expect([whole.output_text, whole.status]).toEqual(["grüße 🎉", "completed"]);
    const streamed = await client.responses.stream(request).finalResponse();
    expect([streamed.output_text, streamed.usage]).toEqual([whole.output_text, whole.usage]);
    const stored = await client.responses.retrieve(streamed.id);
    expect([stored.output_text, stored.usage]).toEqual([whole.output_text, whole.usage]);
    const listed = await client.responses.inputItems.list(streamed.id);
    expect(listed.data).toMatchObject([{ type: "message", role: "user" }]);
    await client.responses.delete(streamed.id);
    await expect(client.responses.retrieve(streamed.id)).rejects.toMatchObject({ status: 404 });
  });
});
