// The Chat Completions decoder: chunks, whole completions, errors, and data of another kind.

import { describe, expect, it } from "vitest";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";

type Json = Record<string, unknown>;

const piecesOf = (data: string) => chatDialect.decode(data).pieces;
const ofChoice = (choice: Json, more: Json = {}) =>
  piecesOf(JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, ...choice }], ...more }));
const ofUsage = (usage: unknown) => piecesOf(JSON.stringify({ choices: [], usage }));
const textOf = (choice: Json) =>
  ofChoice(choice)
    .map((piece) => (piece.kind === "text" ? piece.text : "?"))
    .join("");
const tool = (index: number, fields: Json) => ({ kind: "tool", index, ...fields });

describe("a chunk", () => {
  it("ends the answer when it is [DONE], and otherwise has its JSON", () => {
    expect(chatDialect.decode("[DONE]")).toEqual({ pieces: [{ kind: "end" }], json: undefined });
    expect(chatDialect.decode('{"choices":[],"novel":7}')).toEqual({ pieces: [], json: { choices: [], novel: 7 } });
  });

  it.each([{ role: "assistant", content: "" }, { content: null, refusal: null, tool_calls: null }, {}, null])(
    "has no piece for an empty delta: %j",
    (delta) => {
      expect(ofChoice({ delta, finish_reason: null }, { usage: null })).toEqual([]);
    },
  );

  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["tool_calls", "tool_calls"],
    ["function_call", "tool_calls"],
    ["content_filter", "content_filter"],
    ["eos", "stop"],
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["STOP", "stop"],
    ["model_length", "length"],
    ["MAX_TOKENS", "length"],
    ["tool_use", "tool_calls"],
    ["SAFETY", "content_filter"],
    // The answer may be cut, so it is not told as a whole one.
    ["an unknown reason", "length"],
  ])("maps the finish reason %s to %s", (finish_reason, finish) => {
    expect(ofChoice({ delta: {}, finish_reason })).toEqual([{ kind: "finish", finish }]);
  });

  it.each(["error", "ERROR", "insufficient_system_resource", "network_error", "MALFORMED_FUNCTION_CALL", "abort"])(
    "with the finish reason %s is an error, not an end",
    (finish_reason) => {
      const error = expect.objectContaining({ type: "server_error", code: finish_reason }) as unknown;
      expect(ofChoice({ delta: { content: "A" }, finish_reason })).toEqual([
        { kind: "text", text: "A" },
        { kind: "error", error },
      ]);
    },
  );

  const THINKING = { type: "thinking", thinking: [{ type: "text", text: "hm" }] };
  it.each<[unknown, string]>([
    [
      [
        { type: "text", text: "The answer " },
        { type: "text", text: "is" },
      ],
      "The answer is",
    ],
    [[THINKING, { type: "text", text: "42." }, { type: "reference", reference_ids: [1] }], "42."],
    [[{ text: "no type" }, "only text", null, 7, { type: "text", text: 7 }], "no typeonly text"],
    [{ type: "text", text: "one part" }, "one part"],
    [[THINKING], ""],
    [[], ""],
  ])("has the text of content as parts: %j", (content, text) => {
    expect(textOf({ delta: { content } })).toBe(text);
    expect(textOf({ message: { content } })).toBe(text);
  });

  it("has a refusal among the parts of content", () => {
    expect(ofChoice({ delta: { content: [{ type: "refusal", refusal: "No." }] } })).toEqual([
      { kind: "text", text: "No." },
      { kind: "finish", finish: "refusal" },
    ]);
  });

  it.each<[unknown, string]>([
    [{ city: "Oslo" }, '{"city":"Oslo"}'],
    [{}, "{}"],
    [["Oslo"], '["Oslo"]'],
    [null, ""],
    [undefined, ""],
  ])("has arguments that are no text as JSON: %j", (given, text) => {
    const call = { index: 0, id: "call_1", function: { name: "weather", arguments: given } };
    const piece = tool(0, { id: "call_1", name: "weather", arguments: text });
    expect(ofChoice({ delta: { tool_calls: [call] } })).toEqual([piece]);
    expect(ofChoice({ message: { tool_calls: [call] } })).toEqual([piece]);
    const { index: _, id: __, ...custom } = { ...call, custom: { name: "weather", input: given }, function: null };
    expect(ofChoice({ delta: { tool_calls: [custom] } })).toEqual([tool(0, { name: "weather", arguments: text })]);
    expect(ofChoice({ delta: { function_call: call.function } })).toEqual([
      tool(0, { name: "weather", arguments: text }),
    ]);
  });

  it.each<[string, Json, Json]>([
    [
      "a custom tool",
      { tool_calls: [{ index: 1, id: "call_1", type: "custom", custom: { name: "say", input: "hi" } }] },
      tool(1, { id: "call_1", name: "say", arguments: "hi" }),
    ],
    [
      "the deprecated form",
      { function_call: { name: "say", arguments: "hi" } },
      tool(0, { name: "say", arguments: "hi" }),
    ],
    ["a later fragment", { tool_calls: [{ index: 2, function: { arguments: '"x' } }] }, tool(2, { arguments: '"x' })],
  ])("has the tool call of %s", (_what, delta, piece) => {
    expect(ofChoice({ delta })).toEqual([piece]);
  });

  it("has text, refusal, tool calls and finish reason in this order", () => {
    const tool_calls = [{ index: 1, id: "call_1", type: "function", function: { name: "look", arguments: "{" } }];
    expect(ofChoice({ delta: { content: "A", refusal: "No", tool_calls }, finish_reason: "stop" })).toEqual([
      { kind: "text", text: "A" },
      { kind: "text", text: "No" },
      { kind: "finish", finish: "refusal" },
      tool(1, { id: "call_1", name: "look", arguments: "{" }),
      { kind: "finish", finish: "stop" },
    ]);
  });

  it("has the usage with all details, and zero for missing ones", () => {
    const prompt_tokens_details = { cached_tokens: 8, cache_write_tokens: 3, image_tokens: 2, audio_tokens: 1 };
    const completion_tokens_details = { reasoning_tokens: 16, audio_tokens: 5 };
    const counts = { prompt_tokens: 12, completion_tokens: 30 };
    const details = { input: 12, cached: 8, cacheWrite: 3, output: 30, reasoning: 16 };
    const image = { input: 2, cached: 0, output: 0 };
    const audio = { input: 1, cached: 0, output: 5 };
    expect(ofUsage({ ...counts, prompt_tokens_details, completion_tokens_details })).toEqual([
      { kind: "usage", usage: { ...details, image, audio }, alone: true },
    ]);
    expect(ofUsage({ ...counts, prompt_tokens_details: null })).toEqual([
      { kind: "usage", usage: { input: 12, cached: 0, cacheWrite: 0, output: 30, reasoning: 0 }, alone: true },
    ]);
  });

  it.each([
    {},
    { prompt_tokens: 12 },
    { completion_tokens: 30 },
    { prompt_tokens: 12, total_tokens: 12 },
    { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    { prompt_tokens: -5, completion_tokens: -5 },
    { prompt_tokens: 1.5, completion_tokens: 30 },
    { prompt_tokens: 12, completion_tokens: 1e300 },
    { prompt_tokens: "12", completion_tokens: "30" },
    { prompt_tokens: null, completion_tokens: true },
  ])("ignores invalid usage, so that the answer is not free: %j", (usage) => {
    expect(ofUsage(usage)).toEqual([]);
  });

  it.each([
    ["reasoning beside the output", { prompt_tokens: 32, completion_tokens: 9, total_tokens: 1041 }, 1000, 32, 1009],
    ["reasoning beside the output, without a total", { prompt_tokens: 32, completion_tokens: 9 }, 1000, 32, 1009],
    ["reasoning in the total alone", { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115 }, 0, 10, 105],
    ["OpenAI's counts", { prompt_tokens: 12, completion_tokens: 30, total_tokens: 42 }, 16, 12, 30],
    ["a total that is too small", { prompt_tokens: 12, completion_tokens: 30, total_tokens: 7 }, 16, 12, 30],
    ["no output", { prompt_tokens: 12, total_tokens: 42 }, 0, 12, 30],
    ["no input", { completion_tokens: 30, total_tokens: 42 }, 0, 12, 30],
    ["a total alone", { total_tokens: 42 }, 0, 0, 42],
  ])("counts output at least as the total without the input: %s", (_what, counts, reasoning, input, output) => {
    const completion_tokens_details = { reasoning_tokens: reasoning };
    const usage = { input, cached: 0, cacheWrite: 0, output, reasoning };
    expect(ofUsage({ ...counts, completion_tokens_details })).toEqual([{ kind: "usage", usage, alone: true }]);
  });

  it("completes the provider's error and ends with it", () => {
    expect(piecesOf('{"error":{"message":"Too busy","code":503}}')).toEqual([
      { kind: "error", error: { message: "Too busy", type: "server_error", param: null, code: null } },
      { kind: "end" },
    ]);
    expect(piecesOf('{"error":"Too busy"}')).toMatchObject([{ error: { message: "Too busy", code: null } }, {}]);
    expect(piecesOf('{"error":{}}')).toMatchObject([{ error: { message: "The provider reported an error." } }, {}]);
  });

  it.each([
    '{"object":"error","message":"Too long","type":"BadRequestError","param":null,"code":400}',
    '{"message":"Too long","code":"overloaded"}',
    '{"detail":"Too long"}',
    '{"detail":[{"loc":["body"],"msg":"Too long"}]}',
    '{"errors":[{"code":5007,"message":"Too long"}]}',
  ])("is an error without an envelope: %s", (data) => {
    expect(piecesOf(data)).toMatchObject([{ kind: "error", error: { message: "Too long" } }, { kind: "end" }]);
  });

  it.each(['{"id":"chat-1","object":"chat.completion.chunk"}', '{"object":"something.new","fields":[1]}'])(
    "has no piece without choices: %s",
    (data) => {
      expect(piecesOf(data)).toEqual([]);
    },
  );

  it.each(["", "hello", "null", "7", '"text"', '{"choices":7}', '{"choices":[null]}', '{"error":7}'])(
    "of another format throws: %j",
    (data) => {
      expect(() => chatDialect.decode(data)).toThrow();
    },
  );
});

it("a whole completion has the same pieces as its stream", () => {
  const tool_calls = ["look", "wait"].map((name) => ({
    id: `call_${name}`,
    type: "function",
    function: { name, arguments: "{}" },
  }));
  const message = { role: "assistant", content: "Hi", tool_calls };
  const usage = { prompt_tokens: 1, completion_tokens: 2 };
  const body = { choices: [{ index: 0, message, finish_reason: "tool_calls" }], usage };
  expect(chatDialect.decodeWhole(JSON.stringify(body))).toEqual({
    pieces: [
      { kind: "text", text: "Hi" },
      tool(0, { id: "call_look", name: "look", arguments: "{}" }),
      tool(1, { id: "call_wait", name: "wait", arguments: "{}" }),
      { kind: "finish", finish: "tool_calls" },
      { kind: "usage", usage: { input: 1, cached: 0, cacheWrite: 0, output: 2, reasoning: 0 }, alone: false },
    ],
    json: body,
  });
});
