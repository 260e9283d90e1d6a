// Chat Completions as pieces: chunks of a stream, whole completions, errors, and data that is none of these.

import { describe, expect, it } from "vitest";
import { readChatBody, readChatEvent, readProviderError } from "../../../../src/dialects/chat-completions/decode.ts";

const chunk = (choice: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, ...choice }], ...more });
const usageOf = (usage: unknown) => readChatEvent(JSON.stringify({ choices: [], usage }));

describe("a chunk", () => {
  it("is the end when it is [DONE]", () => {
    expect(readChatEvent("[DONE]")).toEqual([{ kind: "end" }]);
  });

  it.each([{ role: "assistant", content: "" }, { content: null, refusal: null, tool_calls: null }, {}, null])(
    "says nothing when its delta does not: %j",
    (delta) => {
      const pieces = readChatEvent(chunk({ delta, finish_reason: null }, { usage: null }));
      expect(pieces.filter((piece) => piece.kind !== "text" || piece.text !== "")).toEqual([]);
    },
  );

  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["tool_calls", "tool_calls"],
    ["function_call", "tool_calls"],
    ["content_filter", "content_filter"],
    ["a reason of next year", "stop"],
  ])("that ends with %s has finished with %s", (finish_reason, finish) => {
    expect(readChatEvent(chunk({ delta: {}, finish_reason }))).toEqual([{ kind: "finish", finish }]);
  });

  it.each([
    [
      "a custom tool's input",
      { tool_calls: [{ index: 0, id: "call_1", type: "custom", custom: { name: "say", input: "hello" } }] },
    ],
    ["the arguments of a call of the older kind", { function_call: { name: "say", arguments: "hello" } }],
  ])("counts %s as what was relayed", (_, delta) => {
    const [piece] = readChatEvent(chunk({ delta }));
    expect(piece).toMatchObject({ kind: "tool", index: 0, name: "say", arguments: "hello" });
  });

  it("has its text, its refusal, its tool calls and its reason to stop in this order", () => {
    const tool_calls = [{ index: 1, id: "call_1", type: "function", function: { name: "look", arguments: "{" } }];
    expect(readChatEvent(chunk({ delta: { content: "A", refusal: "No", tool_calls }, finish_reason: "stop" }))).toEqual(
      [
        { kind: "text", text: "A" },
        { kind: "text", text: "No" },
        { kind: "finish", finish: "refusal" },
        { kind: "tool", index: 1, id: "call_1", name: "look", arguments: "{" },
        { kind: "finish", finish: "stop" },
      ],
    );
  });

  it("that goes on with a tool call has the fragment and its place", () => {
    const tool_calls = [{ index: 2, function: { arguments: '"x' } }];
    expect(readChatEvent(chunk({ delta: { tool_calls } }))).toEqual([{ kind: "tool", index: 2, arguments: '"x' }]);
  });

  it("has usage in whole numbers, with nothing for what is not told", () => {
    const told = {
      prompt_tokens: 12,
      completion_tokens: 30,
      prompt_tokens_details: { cached_tokens: 8, cache_write_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 16 },
    };
    expect(usageOf(told)).toMatchObject([
      { kind: "usage", usage: { input: 12, cached: 8, cacheWrite: 3, output: 30, reasoning: 16 } },
    ]);
    expect(usageOf({ prompt_tokens: 12, completion_tokens: 30, prompt_tokens_details: null })).toMatchObject([
      { kind: "usage", usage: { input: 12, cached: 0, cacheWrite: 0, output: 30, reasoning: 0 } },
    ]);
  });

  it.each([
    { prompt_tokens: -5, completion_tokens: -5 },
    { prompt_tokens: 1.5, completion_tokens: "30" },
    { prompt_tokens: null, completion_tokens: true },
  ])("never has a count below zero or of half a token: %j", (usage) => {
    const pieces = usageOf(usage);
    const counts = pieces.flatMap((piece) => (piece.kind === "usage" ? Object.values(piece.usage) : []));
    expect(counts.filter((count) => !Number.isSafeInteger(count) || count < 0)).toEqual([]);
  });

  it.each([{}, { total_tokens: 42 }, { prompt_tokens: "12", completion_tokens: "30" }])(
    "with usage that counts nothing is not taken for an answer that was free: %j",
    (usage) => {
      expect(usageOf(usage)).toEqual([]);
    },
  );

  it("of an error has the four keys, whatever the provider left out", () => {
    expect(readChatEvent('{"error":{"message":"Too busy","code":503}}')).toEqual([
      { kind: "error", error: { message: "Too busy", type: "server_error", param: null, code: null } },
      { kind: "end" },
    ]);
    expect(readChatEvent('{"error":{}}')).toMatchObject([
      { kind: "error", error: { message: "The provider reported an error." } },
      { kind: "end" },
    ]);
  });

  it.each(["", "hello", "null", "7", '"text"', '{"choices":7}', '{"choices":[null]}', '{"error":"no"}'])(
    "that is not of this endpoint is refused: %j",
    (data) => {
      expect(() => readChatEvent(data)).toThrow();
    },
  );
});

describe("a whole completion", () => {
  it("has the same pieces as a stream of it", () => {
    const tool_calls = [
      { id: "call_1", type: "function", function: { name: "look", arguments: "{}" } },
      { id: "call_2", type: "function", function: { name: "wait", arguments: "{}" } },
    ];
    const body = {
      choices: [{ index: 0, message: { role: "assistant", content: "Hi", tool_calls }, finish_reason: "tool_calls" }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    };
    expect(readChatBody(JSON.stringify(body))).toEqual([
      { kind: "text", text: "Hi" },
      { kind: "tool", index: 0, id: "call_1", name: "look", arguments: "{}" },
      { kind: "tool", index: 1, id: "call_2", name: "wait", arguments: "{}" },
      { kind: "finish", finish: "tool_calls" },
      { kind: "usage", usage: { input: 1, cached: 0, cacheWrite: 0, output: 2, reasoning: 0 }, alone: false },
    ]);
  });
});

describe("a provider's error", () => {
  it("is read out of its envelope", () => {
    expect(
      readProviderError('{"error":{"message":"No.","type":"invalid_request_error","param":"n","code":null}}'),
    ).toEqual({
      message: "No.",
      type: "invalid_request_error",
      param: "n",
      code: null,
    });
  });

  it.each(["", "<html>", "null", "{}", '{"error":null}', '{"error":"no"}'])("is undefined for %j", (text) => {
    expect(readProviderError(text)).toBeUndefined();
  });
});
