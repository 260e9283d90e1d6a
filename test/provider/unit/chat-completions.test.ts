// The emulated provider's Chat Completions: refused requests, answers, streams, tools and formats.
import type { ChatCompletionChunk } from "openai/resources";
import { describe, expect, it } from "vitest";
import { countTokens } from "../../../dev/provider/kernel/generation/tokens.ts";
import { complete, CREATED, readError, readJson, scripted, sendChat, stream, user } from "../support/client.ts";

function textOf(chunks: ChatCompletionChunk[], index = 0): string {
  const choices = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
  return choices.map((choice) => choice.delta.content ?? "").join("");
}

/** Finish reason, completion tokens and reasoning tokens of an answer with ten visible tokens. */
async function spend(fields: object): Promise<unknown[]> {
  const { choices, usage } = await complete({ messages: scripted({ tokens: 10 }), ...fields });
  return [choices[0]?.finish_reason, usage?.completion_tokens, usage?.completion_tokens_details?.reasoning_tokens];
}

const call = (id: string) => ({ id, type: "function", function: { name: "look", arguments: "{}" } });
const calling = (...calls: object[]) => ({ role: "assistant", content: null, tool_calls: calls });
const result = { role: "tool", tool_call_id: "call_1", content: "31" };
const tool = (name: string) => ({ type: "function", function: { name } });
const image = (url: string) => ({ messages: [user([{ type: "image_url", image_url: { url } }])] });
const unanswered = (ids: string) => ({ param: "messages", message: expect.stringMatching(`messages: ${ids}$`) });
const closed = (properties: object) => {
  return { type: "object", additionalProperties: false, required: Object.keys(properties), properties };
};
const notBase64 = { code: "invalid_image_url", message: "Invalid base64 image_url." };

describe("a refused request", () => {
  const refusals: [string, object, object][] = [
    ["no messages", { messages: undefined }, { code: "missing_required_parameter", param: "messages" }],
    ["a tool call without its result", { messages: [calling(call("call_1"), call("b")), result] }, unanswered("b")],
    ["a result without its call", { messages: [user("Hi"), result] }, { param: "messages[1].role" }],
    ["an invalid tool name", { tools: [tool("look.up")] }, { code: "invalid_value", param: "tools[0].function.name" }],
    ["an image in base64url", image("data:image/png;base64,AA-_"), notBase64],
    ["an unknown model", { model: "gpt-9" }, { status: 404, code: "model_not_found" }],
    ["an unknown parameter", { foo: 1 }, { code: "unknown_parameter", message: "Unknown parameter: 'foo'." }],
    ["max_tokens", { max_tokens: 9 }, { code: "unsupported_parameter", param: "max_tokens" }],
    ["a temperature", { temperature: 0.5 }, { code: "unsupported_value", param: "temperature" }],
    ["an output limit above the model's", { max_completion_tokens: 999_999 }, { code: "invalid_value" }],
    ["an image for a text model", { model: "o3-mini", messages: [user([{ type: "image_url" }])] }, { code: null }],
    ["a json_object without the word", { response_format: { type: "json_object" } }, { param: "messages" }],
    ["an input too long", { messages: [user("word ".repeat(400_001))] }, { code: "context_length_exceeded" }],
  ];
  it.each(refusals)("has %s", async (_name, fields, expected) => {
    const error = await readError(await sendChat(fields));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", ...expected });
  });

  it("does not have valid tool calls, a large image, nulls or defaults", async () => {
    const megabytes = `${"A".repeat(4 * 1024 * 1024 - 1)}=`;
    expect((await sendChat(image(`data:image/png;base64,${megabytes}`))).status).toBe(200);
    const both = [calling(call("b"), call("call_1")), result, { ...result, tool_call_id: "b" }];
    const messages = [user("Hi"), ...both, user("Hi"), ...both];
    const defaults = { temperature: 1, presence_penalty: 0, logprobs: false, stop: null, max_tokens: null };
    expect((await sendChat({ messages, tools: [tool("_look-2")], ...defaults })).status).toBe(200);
  });
});

describe("an answer", () => {
  const baikal = { messages: [user("How deep is Lake Baikal?")] };

  it("has every field of a completion, and the rate-limit headers", async () => {
    const response = await sendChat(baikal);
    expect(response.headers.get("x-ratelimit-limit-requests")).toMatch(/^\d+$/);
    expect(response.headers.get("x-ratelimit-reset-tokens")).toMatch(/^(\d+ms|\d+s)$/);
    const answer = await readJson<Awaited<ReturnType<typeof complete>>>(response);
    const content = answer.choices[0]?.message.content ?? "";
    expect(content).toMatch(/Baikal.*emulated provider/);
    const promptTokens = 3 + 4 + countTokens("How deep is Lake Baikal?");
    expect(answer).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{29}$/),
      object: "chat.completion",
      created: CREATED,
      model: "gpt-5-mini-2025-08-07",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content, refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: {
        prompt_tokens: promptTokens,
        completion_tokens: 64 + countTokens(content),
        total_tokens: promptTokens + 64 + countTokens(content),
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

  it("has reasoning by effort, which uses the output limit first", async () => {
    expect(await spend({ reasoning_effort: "minimal" })).toEqual(["stop", 10, 0]);
    expect(await spend({ reasoning_effort: "high" })).toEqual(["stop", 266, 256]);
    expect(await spend({ max_completion_tokens: 74 })).toEqual(["stop", 74, 64]);
    expect(await spend({ max_completion_tokens: 73 })).toEqual(["length", 73, 64]);
    expect(await spend({ max_completion_tokens: 5 })).toEqual(["length", 5, 5]);
    expect(await spend({ messages: scripted({ tokens: 10, reasoning: 7 }) })).toEqual(["stop", 17, 7]);
  });
});

describe("a stream", () => {
  it("has the chunks of a recorded one", async () => {
    const chunks = await stream({ stream_options: { include_usage: true }, messages: scripted({ tokens: 2 }) });
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
    const { usage } = await complete({ messages: scripted({ tokens: 2 }) });
    expect(chunks).toEqual([
      chunk({ role: "assistant", content: "", refusal: null }, null),
      chunk({ content: "water" }, null),
      chunk({ content: " runs" }, null),
      chunk({}, "stop"),
      { ...chunk({}, null), choices: [], usage },
    ]);
    expect(Object.keys(chunks[1] ?? {})).toEqual(Object.keys(chunk({}, null)));
  });

  it("has usage only when requested, and padding unless declined", async () => {
    const plain = await stream({ stream_options: { include_obfuscation: false } });
    expect(plain.some((chunk) => "usage" in chunk || "obfuscation" in chunk)).toBe(false);
    expect(await complete({ messages: scripted({ no_usage: true, tokens: 1 }) })).not.toHaveProperty("usage");
  });

  it("has the text of the whole answer, for every choice", async () => {
    const fields = { n: 3, messages: [user("Tell me about rivers, grüße 🎉")] };
    const chunks = await stream({ ...fields, stream_options: { include_usage: true } });
    const whole = await complete(fields);
    for (const index of [0, 1, 2]) expect(textOf(chunks, index)).toBe(whole.choices[index]?.message.content);
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
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

  it("call the function that fits the question, whole and streamed", async () => {
    const { choices } = await complete({ messages, tools });
    const id: unknown = expect.stringMatching(/^call_/);
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { content: null, tool_calls: [{ id, type: "function", function: called }] },
    });
    const chunks = await stream({ messages, tools });
    const deltas = chunks.slice(0, -1).map((chunk) => chunk.choices[0]?.delta.tool_calls?.[0]);
    const head = { name: "get_weather", arguments: "" };
    expect(deltas[0]).toEqual({ index: 0, id, type: "function", function: head });
    expect(deltas.map((delta) => delta?.function?.arguments).join("")).toBe(called.arguments);
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "tool_calls" });
  });

  it("follow tool_choice, and answer in text after the result", async () => {
    const named = await complete({ messages, tools, tool_choice: tool("get_time") });
    expect(named.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: "get_time", arguments: "{}" } }]);
    expect((await complete({ messages, tools, tool_choice: "none" })).choices[0]?.finish_reason).toBe("stop");
    const turn = [...messages, calling(call("call_1")), { ...result, content: "31 degrees" }];
    expect((await complete({ messages: turn, tools })).choices[0]?.message.content).toContain("31 degrees");
  });

  it("generate JSON for a schema", async () => {
    const next = { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] };
    const schema = {
      ...closed({
        kind: { type: "string", enum: ["lake", "river"] },
        score: { type: "number", minimum: 0, maximum: 1 },
        tags: { type: "array", items: { type: "string" }, minItems: 2 },
        parent: next,
        nothing: { type: "null" },
        sure: { type: ["boolean", "null"] },
      }),
      $defs: { node: closed({ name: { type: "string" }, next }) },
    };
    const format = { type: "json_schema", json_schema: { name: "place", schema, strict: true } };
    const chunks = await stream({ messages: [user("Tell of Baikal")], response_format: format });
    expect(JSON.parse(textOf(chunks))).toMatchObject({
      kind: "lake",
      score: 0.5,
      tags: ["Baikal", expect.any(String)],
      parent: { name: expect.any(String) },
      nothing: null,
      sure: true,
    });
    const loose = await complete({ messages: [user("JSON please")], response_format: { type: "json_object" } });
    expect(JSON.parse(loose.choices[0]?.message.content ?? "")).toMatchObject({ emulated: true });
  });
});
