// The emulated provider's Responses without a stream: refused requests, answers, tools and token counts.
import { describe, expect, it } from "vitest";
import { complete, readError, readJson, scripted, scriptedText, send, sendChat } from "../support/client.ts";
import { user } from "../support/client.ts";
import { respond, sendResponse } from "../support/responses.ts";

/** Status, types of the output items, and output tokens of an answer with ten visible tokens. */
async function spend(max_output_tokens: number) {
  const answer = await respond({ max_output_tokens, input: scriptedText({ tokens: 10 }) });
  return [answer.status, answer.output.map((item) => item.type).join(), answer.usage?.output_tokens];
}

describe("a refused request", () => {
  const call = { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" };
  const image = { type: "input_image", image_url: "https://example.com/a.png" };
  const refusals: [string, object, object][] = [
    ["no input", { input: undefined }, { code: "missing_required_parameter", param: "input" }],
    ["an unknown parameter", { messages: [] }, { code: "unknown_parameter", param: "messages" }],
    ["an unknown item", { input: [{ type: "thought" }] }, { code: "invalid_value", param: "input[0].type" }],
    ["an image for a text model", { model: "o3-mini", input: [{ role: "user", content: [image] }] }, { code: null }],
    ["a call without its result", { input: [call] }, { param: "input", message: expect.stringContaining("call_1") }],
    ["an unknown item reference", { input: [{ type: "item_reference", id: "rs_1" }] }, { status: 404, param: "input" }],
    ["an output limit above the model's", { max_output_tokens: 128_001 }, { code: "integer_above_max_value" }],
    ["an unknown tool", { tools: [{ type: "hammer" }] }, { code: "invalid_value", param: "tools[0].type" }],
    ["an unstored background response", { background: true, store: false }, { param: "background" }],
    ["an input too long", { input: "word ".repeat(400_001) }, { code: "context_length_exceeded", param: "input" }],
    ["an invalid script", { input: "emulate {}}" }, { param: "input", message: expect.stringContaining("JSON") }],
  ];
  it.each(refusals)("has %s", async (_name, fields, expected) => {
    const error = await readError(await sendResponse(fields));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", ...expected });
  });

  it("does not have nulls or defaults, nor tools that only Chat Completions refuses", async () => {
    const defaults = { temperature: 1, top_p: null, top_logprobs: 0, instructions: null, text: { format: null } };
    expect((await sendResponse(defaults)).status).toBe(200);
    const tool = { type: "function", name: "look", parameters: {} };
    expect((await sendResponse({ model: "gpt-6.1-terra", tools: [tool] })).status).toBe(200);
    const refused = await readError(await sendChat({ model: "gpt-6.1-terra", tools: [] }));
    expect(refused).toMatchObject({ status: 400, code: "unsupported_parameter", param: "tools" });
  });
});

describe("a response", () => {
  const baikal = "How deep is Lake Baikal?";

  it("has the text and the usage of Chat Completions", async () => {
    const { choices, usage } = await complete({ messages: [user(baikal)] });
    const answer = await respond({ input: [{ role: "user", content: [{ type: "input_text", text: baikal }] }] });
    expect(answer.output.at(-1)).toMatchObject({ content: [{ text: choices[0]?.message.content }] });
    expect(answer.usage?.input_tokens).toBe(usage?.prompt_tokens);
    expect(answer.usage?.output_tokens).toBe(usage?.completion_tokens);
  });

  it("stops at its output limit, which reasoning uses first", async () => {
    expect(await spend(74)).toEqual(["completed", "reasoning,message", 74]);
    expect(await spend(73)).toEqual(["incomplete", "reasoning,message", 73]);
    expect(await spend(64)).toEqual(["incomplete", "reasoning", 64]);
  });

  it("follows its script", async () => {
    const plain = await respond({ input: scriptedText({ tokens: 5, reasoning: 0, no_usage: true }) });
    expect(plain).toMatchObject({ usage: null, output: [{ type: "message" }] });
    const refused = await respond({ input: scriptedText({ refuse: "I will not.", reasoning: 0 }) });
    expect(refused.output).toMatchObject([{ content: [{ type: "refusal", refusal: "I will not." }] }]);
    const chat = await complete({ messages: scripted({ refuse: "I will not." }) });
    expect(chat.choices[0]?.message).toMatchObject({ content: null, refusal: "I will not." });
    expect((await sendResponse({ input: scriptedText({ status: 503 }) })).status).toBe(503);
    expect((await sendResponse({ input: scriptedText({ error_after: 1 }) })).status).toBe(500);
  });
});

describe("a tool", () => {
  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const tools = [{ type: "function", name: "get_weather", description: "Current weather", parameters }];
  const input = "What is the weather in Paris?";

  it("is called, and its result is answered", async () => {
    const { output } = await respond({ input, tools });
    const call = output.at(-1);
    const called = { type: "function_call", status: "completed", name: "get_weather", arguments: '{"city":"Paris"}' };
    expect(call).toMatchObject({ ...called, call_id: expect.stringMatching(/^call_/) });
    const callId = call?.type === "function_call" ? call.call_id : "";
    const result = { type: "function_call_output", call_id: callId, output: "31 degrees" };
    const after = await respond({ input: [{ role: "user", content: input }, ...output, result], tools });
    expect(JSON.stringify(after.output)).toContain("31 degrees");
  });
});

describe("POST /v1/responses/input_tokens", () => {
  it("counts the same tokens as a chat with the same prompt", async () => {
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const tool = { name: "get_weather", description: "Weather", parameters };
    const content = [
      { type: "input_text", text: "Paris?" },
      { type: "input_image", image_url: "x" },
    ];
    const counting = {
      model: "gpt-5-mini",
      instructions: "Be brief.",
      input: [
        { role: "user", content },
        { type: "function_call", call_id: "call_1", name: "get_weather", arguments: "{}" },
        { type: "function_call_output", call_id: "call_1", output: "31 degrees" },
      ],
      tools: [{ type: "function", ...tool }],
    };
    const counted = await readJson(await send("POST", "/v1/responses/input_tokens", counting));
    const call = { id: "call_1", type: "function", function: { name: "get_weather", arguments: "{}" } };
    const parts = [
      { type: "text", text: "Paris?" },
      { type: "image_url", image_url: { url: "x" } },
    ];
    const { usage } = await complete({
      messages: [
        { role: "system", content: "Be brief." },
        user(parts),
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "call_1", content: "31 degrees" },
      ],
      tools: [{ type: "function", function: tool }],
    });
    expect(counted).toEqual({ object: "response.input_tokens", input_tokens: usage?.prompt_tokens });
  });
});
