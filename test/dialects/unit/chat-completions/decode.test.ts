// The Chat Completions decoder: chunks, whole completions, errors, and data of another kind.

import { describe, expect, it } from "vitest";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";

type Json = Record<string, unknown>;

const piecesOf = (data: string) => chatDialect.decode(data).pieces;
const ofChoice = (choice: Json, more: Json = {}) =>
  piecesOf(JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, ...choice }], ...more }));
const ofUsage = (usage: unknown) => piecesOf(JSON.stringify({ choices: [], usage }));
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
    ["an unknown reason", "stop"],
  ])("maps the finish reason %s to %s", (finish_reason, finish) => {
    expect(ofChoice({ delta: {}, finish_reason })).toEqual([{ kind: "finish", finish }]);
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
    { total_tokens: 42 },
    { prompt_tokens: -5, completion_tokens: -5 },
    { prompt_tokens: 1.5, completion_tokens: 30 },
    { prompt_tokens: "12", completion_tokens: "30" },
    { prompt_tokens: null, completion_tokens: true },
  ])("ignores invalid usage, so that the answer is not free: %j", (usage) => {
    expect(ofUsage(usage)).toEqual([]);
  });

  it("completes the provider's error and ends with it", () => {
    expect(piecesOf('{"error":{"message":"Too busy","code":503}}')).toEqual([
      { kind: "error", error: { message: "Too busy", type: "server_error", param: null, code: null } },
      { kind: "end" },
    ]);
    expect(piecesOf('{"error":{}}')).toMatchObject([{ error: { message: "The provider reported an error." } }, {}]);
  });

  it.each(["", "hello", "null", "7", '"text"', '{"choices":7}', '{"choices":[null]}', '{"error":"no"}'])(
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
