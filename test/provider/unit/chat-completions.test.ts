// The emulated provider's chat completions, field by field as a client of OpenAI's API would see them.
import type { ChatCompletionChunk } from "openai/resources";
import { describe, expect, it } from "vitest";
import { countTokens } from "../../../dev/provider/kernel/generation/tokens.ts";
import { complete, readError, readJson, scripted, sendChat, stream, user } from "../support/client.ts";

const CREATED = Date.UTC(2026, 9, 1) / 1000;

function textOf(chunks: ChatCompletionChunk[], index = 0): string {
  const choices = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
  return choices.map((choice) => choice.delta.content ?? "").join("");
}

/** Whether there is text, the finish reason, the completion tokens, and how many of them are reasoning. */
async function spend(fields: object): Promise<unknown[]> {
  const { choices, usage } = await complete({ messages: scripted({ tokens: 10 }), ...fields });
  const reasoning = usage?.completion_tokens_details?.reasoning_tokens;
  return [choices[0]?.message.content !== "", choices[0]?.finish_reason, usage?.completion_tokens, reasoning];
}

const call = (id: string) => ({ id, type: "function", function: { name: "look", arguments: "{}" } });
const calling = (...calls: object[]) => ({ role: "assistant", content: null, tool_calls: calls });
const result = { role: "tool", tool_call_id: "call_1", content: "31" };
const tool = (name: string) => ({ type: "function", function: { name } });
const image = (url: string) => ({ messages: [user([{ type: "image_url", image_url: { url } }])] });
/** The error of a list that is there and empty. */
const isEmpty = (param: string) => ({
  code: "empty_array",
  param,
  message: `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
});
const unanswered = (ids: string) => ({
  code: null,
  param: "messages",
  message:
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
    `The following tool_call_ids did not have response messages: ${ids}`,
});
const notBase64 = {
  code: "invalid_image_url",
  param: "messages[0].content[0].image_url.url",
  message: "Invalid base64 image_url.",
};

describe("what chat refuses", () => {
  const refusals: [string, object, object][] = [
    ["no messages", { messages: undefined }, { code: "missing_required_parameter", param: "messages" }],
    ["an empty list of messages", { messages: [] }, isEmpty("messages")],
    ["an empty list of tools", { tools: [] }, isEmpty("tools")],
    ["an empty list of calls", { messages: [user("Hi"), calling(), user("Hi")] }, isEmpty("messages[1].tool_calls")],
    ["calls at the end", { messages: [user("Hi"), calling(call("call_1"), call("b"))] }, unanswered("call_1, b")],
    ["calls half answered", { messages: [calling(call("call_1"), call("b")), result, user("Hi")] }, unanswered("b")],
    ["a call answered too late", { messages: [calling(call("a")), user("Hi"), calling(call("b"))] }, unanswered("a")],
    ["a call without an id", { messages: [calling(tool("look"))] }, { param: "messages[0].tool_calls[0].id" }],
    [
      "a tool's name with other characters",
      { tools: [tool("look"), tool("look.up")] },
      {
        code: "invalid_value",
        param: "tools[1].function.name",
        message:
          "Invalid 'tools[1].function.name': string does not match pattern. Expected a string that matches the pattern " +
          "'^[a-zA-Z0-9_-]+$'.",
      },
    ],
    ["an empty name of a tool", { tools: [tool("")] }, { code: "invalid_value", param: "tools[0].function.name" }],
    ["a tool's name too long", { tools: [tool("a".repeat(65))] }, { code: "string_above_max_length" }],
    ["an image in characters that base64 has not", image("data:image/png;base64,AA-_"), notBase64],
    ["an image in base64 without its padding", image("data:image/png;base64,AA"), notBase64],
    ["an image without bytes", image("data:image/png;base64,"), notBase64],
    ["an image in text", image("data:image/svg+xml,AAAA"), notBase64],
    ["no model", { model: undefined }, { code: "missing_required_parameter", param: "model" }],
    ["an unknown model", { model: "gpt-9" }, { status: 404, code: "model_not_found" }],
    ["an alias that is only Weir's", { model: "default" }, { status: 404, code: "model_not_found" }],
    ["a model of another endpoint", { model: "omni-moderation-latest" }, { status: 404, param: "model", code: null }],
    ["an unknown field", { foo: 1 }, { code: "unknown_parameter", message: "Unknown parameter: 'foo'." }],
    ["max_tokens", { max_tokens: 9 }, { code: "unsupported_parameter", param: "max_tokens" }],
    ["a temperature", { temperature: 0.5 }, { code: "unsupported_value", param: "temperature" }],
    ["a penalty", { presence_penalty: 1 }, { code: "unsupported_value" }],
    ["stop", { stop: "x" }, { code: "unsupported_parameter", param: "stop" }],
    ["logprobs", { logprobs: true }, { code: "unsupported_parameter" }],
    ["an effort that the model has not", { reasoning_effort: "max" }, { code: "unsupported_value" }],
    ["an output limit of zero", { max_completion_tokens: 0 }, { code: "integer_below_min_value" }],
    ["an output limit beyond the model's", { max_completion_tokens: 999_999 }, { code: "invalid_value" }],
    ["a stream that is no boolean", { stream: "yes" }, { code: "invalid_type", param: "stream" }],
    ["stream_options without a stream", { stream_options: { include_usage: true } }, { param: "stream_options" }],
    ["tools where the model wants Responses", { model: "gpt-6.1-terra", tools: [] }, { code: "unsupported_parameter" }],
    ["images for a blind model", { model: "o3-mini", messages: [user([{ type: "image_url" }])] }, { code: null }],
    ["an unknown role", { messages: [{ role: "bot", content: "Hi" }] }, { code: "invalid_value" }],
    ["json_object without the word", { response_format: { type: "json_object" } }, { param: "messages" }],
    ["an input too long", { messages: [user("word ".repeat(400_001))] }, { code: "context_length_exceeded" }],
  ];
  it.each(refusals)("%s", async (_name, fields, expected) => {
    const error = await readError(await sendChat(fields));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", ...expected });
    expect(Object.keys(error)).toEqual(["status", "message", "type", "param", "code"]);
  });

  it("but not what is as it should be", async () => {
    const megabytes = `${"A".repeat(4 * 1024 * 1024 - 1)}=`;
    expect((await sendChat(image(`data:image/png;base64,${megabytes}`))).status).toBe(200);
    const both = [calling(call("b"), call("call_1")), result, { ...result, tool_call_id: "b" }];
    const messages = [user("Hi"), ...both, user("Hi"), ...both];
    expect((await sendChat({ messages, tools: [tool("a".repeat(64)), tool("_look-2")] })).status).toBe(200);
  });

  it("but not nulls, nor values that change nothing", async () => {
    const neutral = { temperature: 1, top_p: 1, presence_penalty: 0, logprobs: false, stop: null, max_tokens: null };
    expect((await sendChat(neutral)).status).toBe(200);
  });
});

describe("the answer", () => {
  const baikal = { messages: [user("How deep is Lake Baikal?")] };

  it("has every field of a completion", async () => {
    const response = await sendChat(baikal);
    expect(response.headers.get("x-ratelimit-limit-requests")).toMatch(/^\d+$/);
    expect(response.headers.get("x-ratelimit-reset-tokens")).toMatch(/^(\d+ms|\d+s)$/);
    expect(await readJson(response)).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{29}$/),
      object: "chat.completion",
      created: CREATED,
      model: "gpt-5-mini-2025-08-07",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: expect.any(String), refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: {
        prompt_tokens: 3 + 4 + countTokens("How deep is Lake Baikal?"),
        completion_tokens: expect.any(Number),
        total_tokens: expect.any(Number),
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 64,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: "default",
      system_fingerprint: expect.stringMatching(/^fp_[0-9a-f]{8}$/),
    });
  });

  it("depends on the question alone, and its tokens are what usage says", async () => {
    const { choices, usage } = await complete(baikal);
    const content = choices[0]?.message.content ?? "";
    expect(content).toMatch(/Baikal.*emulated provider/);
    expect(usage?.completion_tokens).toBe(64 + countTokens(content));
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + 64 + countTokens(content));
    expect((await complete(baikal)).choices).toEqual(choices);
    expect((await complete({ messages: [user("Why is the sky blue?")] })).choices).not.toEqual(choices);
  });

  it("is 30 to 80 tokens long whatever is asked", async () => {
    const questions = [
      "",
      "?",
      "Hi",
      "为什么天空是蓝色的？请告诉我原因吧 好吗亲爱的朋友们大家好啊 谢谢你谢谢你谢谢你谢谢你",
      "🎉🎉",
      "long".repeat(999),
    ];
    for (let number = 0; number < 60; number++) questions.push(`Question ${number}: abcdefghijkl mnopqrstuvwx yz`);
    for (const question of questions) {
      const { choices } = await complete({ messages: [user(question)] });
      const count = countTokens(choices[0]?.message.content ?? "");
      expect(count, question).toBeGreaterThanOrEqual(30);
      expect(count, question).toBeLessThanOrEqual(80);
    }
  });

  it("counts images and says how many it saw", async () => {
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
    const seen = await complete({ messages: [user([{ type: "text", text: "Hi" }, image, image])] });
    const blind = await complete({ messages: [user("Hi")] });
    expect(seen.choices[0]?.message.content).toContain("2 images");
    expect(seen.usage?.prompt_tokens).toBe((blind.usage?.prompt_tokens ?? 0) + 2000);
  });

  it("thinks by effort, and thinking uses the limit first", async () => {
    expect(await spend({ reasoning_effort: "minimal" })).toEqual([true, "stop", 10, 0]);
    expect(await spend({ reasoning_effort: "low" })).toEqual([true, "stop", 26, 16]);
    expect(await spend({ reasoning_effort: "high" })).toEqual([true, "stop", 266, 256]);
    expect(await spend({ max_completion_tokens: 74 })).toEqual([true, "stop", 74, 64]);
    expect(await spend({ max_completion_tokens: 73 })).toEqual([true, "length", 73, 64]);
    expect(await spend({ max_completion_tokens: 64 })).toEqual([false, "length", 64, 64]);
    expect(await spend({ max_completion_tokens: 5 })).toEqual([false, "length", 5, 5]);
    expect(await spend({ messages: scripted({ tokens: 10, reasoning: 7 }) })).toEqual([true, "stop", 17, 7]);
  });
});

describe("the stream", () => {
  it("has the shape of a recorded one, chunk by chunk", async () => {
    const chunks = await stream({ stream_options: { include_usage: true }, messages: scripted({ tokens: 3 }) });
    const chunk = (delta: object, finish: string | null) => ({
      id: chunks[0]?.id,
      object: "chat.completion.chunk",
      created: CREATED,
      model: "gpt-5-mini-2025-08-07",
      service_tier: "default",
      system_fingerprint: chunks[0]?.system_fingerprint,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      usage: null,
      obfuscation: expect.stringMatching(/^\w+$/),
    });
    const { usage } = await complete({ messages: scripted({ tokens: 3 }) });
    expect(chunks).toEqual([
      chunk({ role: "assistant", content: "", refusal: null }, null),
      chunk({ content: "water" }, null),
      chunk({ content: " runs" }, null),
      chunk({ content: " over" }, null),
      chunk({}, "stop"),
      { ...chunk({}, null), choices: [], usage },
    ]);
    expect(Object.keys(chunks[1] ?? {})).toEqual(Object.keys(chunk({}, null)));
  });

  it("has usage only when asked and not scripted away, and padding unless declined", async () => {
    const plain = await stream({ stream_options: { include_obfuscation: false } });
    expect(plain.some((chunk) => "usage" in chunk || "obfuscation" in chunk)).toBe(false);
    expect(plain.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    const messages = scripted({ no_usage: true, tokens: 1 });
    const without = await stream({ stream_options: { include_usage: true }, messages });
    expect(without.some((chunk) => chunk.usage)).toBe(false);
    expect(await complete({ messages })).not.toHaveProperty("usage");
  });

  it("says the same as the whole answer, for every choice", async () => {
    const fields = { n: 3, messages: [user("Tell me about rivers, grüße 🎉")] };
    const chunks = await stream({ ...fields, stream_options: { include_usage: true } });
    const whole = await complete(fields);
    for (const index of [0, 1, 2]) expect(textOf(chunks, index)).toBe(whole.choices[index]?.message.content);
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
    expect(chunks.slice(3, 6).map((chunk) => chunk.choices[0]?.index)).toEqual([0, 1, 2]);
  });
});

describe("tools and formats", () => {
  const parameters = {
    type: "object",
    properties: { city: { type: "string" }, unit: { enum: ["celsius", "kelvin"] }, days: { type: "integer" } },
  };
  const tools = [
    { type: "function", function: { name: "get_time", parameters: { type: "object", properties: {} } } },
    { type: "function", function: { name: "get_weather", description: "Current weather", parameters } },
  ];
  const messages = [user("What is the weather in Paris?")];
  const called = { name: "get_weather", arguments: '{"city":"Paris","unit":"celsius","days":1}' };

  it("call the function that the question is about, whole and streamed", async () => {
    const { choices } = await complete({ messages, tools });
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: null,
        tool_calls: [{ id: expect.stringMatching(/^call_/), type: "function", function: called }],
      },
    });
    const chunks = await stream({ messages, tools });
    const deltas = chunks.slice(0, -1).map((chunk) => chunk.choices[0]?.delta.tool_calls?.[0]);
    const head = { name: "get_weather", arguments: "" };
    expect(deltas[0]).toEqual({ index: 0, id: expect.stringMatching(/^call_/), type: "function", function: head });
    expect(deltas.slice(1).every((delta) => Object.keys(delta ?? {}).join() === "index,function")).toBe(true);
    expect(deltas.map((delta) => delta?.function?.arguments).join("")).toBe(called.arguments);
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "tool_calls" });
  });

  it("follow tool_choice, and answer in text once the tool has", async () => {
    const choice = { type: "function", function: { name: "get_time" } };
    const named = await complete({ messages, tools, tool_choice: choice });
    expect(named.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: "get_time", arguments: "{}" } }]);
    const none = await complete({ messages, tools, tool_choice: "none" });
    expect(none.choices[0]?.finish_reason).toBe("stop");
    const call = {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "call_1", type: "function", function: called }],
    };
    const result = { role: "tool", tool_call_id: "call_1", content: "31 degrees" };
    const after = await complete({ messages: [...messages, call, result], tools });
    expect(after.choices[0]?.message.content).toContain("31 degrees");
    expect(await readError(await sendChat({ messages: [...messages, result] }))).toMatchObject({ status: 400 });
  });

  it("answer with JSON that fits the schema", async () => {
    const next = { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] };
    const schema = {
      type: "object",
      additionalProperties: false,
      required: ["kind", "score", "tags", "parent", "nothing", "sure"],
      properties: {
        kind: { type: "string", enum: ["lake", "river"] },
        score: { type: "number", minimum: 0, maximum: 1 },
        tags: { type: "array", items: { type: "string" }, minItems: 2 },
        parent: next,
        nothing: { type: "null" },
        sure: { type: ["boolean", "null"] },
      },
      $defs: {
        node: {
          type: "object",
          properties: { name: { type: "string" }, next },
          required: ["name", "next"],
          additionalProperties: false,
        },
      },
    };
    const format = { type: "json_schema", json_schema: { name: "place", schema, strict: true } };
    const value: unknown = JSON.parse(
      textOf(await stream({ messages: [user("Tell of Baikal")], response_format: format })),
    );
    expect(value).toMatchObject({ kind: "lake", score: 0.5, nothing: null, sure: true });
    expect(value).toMatchObject({ tags: ["Baikal", expect.any(String)], parent: { name: expect.any(String) } });
    const loose = await complete({ messages: [user("JSON please")], response_format: { type: "json_object" } });
    expect(JSON.parse(loose.choices[0]?.message.content ?? "")).toMatchObject({ emulated: true });
  });
});
