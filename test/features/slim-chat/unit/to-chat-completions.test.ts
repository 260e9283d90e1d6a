// uses: chat-completions, responses
// A slim request written as Chat Completions: nothing lost, nothing added.

import { describe, expect, it } from "vitest";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { preparedSlim, preparedSlimResponses, slimRequest, writtenSlim } from "../support/slim-requests.ts";

const call = (id: string, args: string) => ({ id, type: "function", function: { name: "look", arguments: args } });
const withUrl = (url: string) => slimRequest({ input: [{ role: "user", content: [{ type: "image", url }] }] });

const demand = (changes: Record<string, unknown> = {}) => preparedSlim(changes).demand;

describe("a slim request", () => {
  it("of one text is a streamed chat with one message", () => {
    expect(writtenSlim()).toEqual({
      model: "o4-mini-2025-04-16",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 500,
    });
  });

  it("has its instructions before all else", () => {
    expect(
      writtenSlim({
        instructions: "Be brief.",
        input: [
          { role: "system", content: "More." },
          { role: "user", content: "Hi" },
        ],
      }).messages,
    ).toEqual([
      { role: "system", content: "Be brief." },
      { role: "system", content: "More." },
      { role: "user", content: "Hi" },
    ]);
  });

  it("of several turns keeps them, with images, tool calls and what the tools returned", () => {
    const input = [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", url: "data:image/png;base64,AAAA" },
        ],
      },
      { role: "assistant", content: "Let me look.", tools: [{ id: "call_1", name: "look", arguments: '{"at":1}' }] },
      { role: "tool", id: "call_1", content: "a weir" },
      { role: "assistant", tools: [{ id: "call_2", name: "look", arguments: "{}" }] },
      { role: "tool", id: "call_2", content: "a river" },
      { role: "assistant", content: "A weir." },
      { role: "user", content: "Thanks" },
    ];
    expect(writtenSlim({ input }).messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        ],
      },
      { role: "assistant", content: "Let me look.", tool_calls: [call("call_1", '{"at":1}')] },
      { role: "tool", tool_call_id: "call_1", content: "a weir" },
      { role: "assistant", content: null, tool_calls: [call("call_2", "{}")] },
      { role: "tool", tool_call_id: "call_2", content: "a river" },
      { role: "assistant", content: "A weir." },
      { role: "user", content: "Thanks" },
    ]);
  });

  it("has its tools as functions", () => {
    const look = {
      name: "look",
      description: "Looks.",
      parameters: { type: "object", properties: { at: { type: "number" } } },
    };
    expect(writtenSlim({ tools: [look, { name: "wait" }] }).tools).toEqual([
      { type: "function", function: look },
      { type: "function", function: { name: "wait" } },
    ]);
  });

  it("has no empty lists of tools, which providers refuse", () => {
    const input = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Ho", tools: [] },
    ];
    const written = writtenSlim({ input, tools: [] });
    expect(written).not.toHaveProperty("tools");
    expect(written.messages).toEqual([
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Ho" },
    ]);
  });

  it("has its format as a strict JSON schema", () => {
    const schema = {
      type: "object",
      properties: { depth: { type: "number" } },
      required: ["depth"],
      additionalProperties: false,
    };
    expect(writtenSlim({ format: schema }).response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "answer", strict: true, schema },
    });
  });
});

describe("the needs of a slim request", () => {
  const image = [{ role: "user", content: [{ type: "image", url: "https://a.test/a.png" }] }];

  it.each<[Record<string, unknown>, object]>([
    [{ stream: true }, { kind: "feature", feature: "streaming", param: "stream" }],
    [{ tools: [{ name: "a" }] }, { kind: "feature", feature: "function_calling", param: "tools" }],
    [{ format: {} }, { kind: "feature", feature: "structured_outputs", param: "format" }],
    [{ input: image }, { kind: "input", modality: "image", param: "input" }],
    [{ effort: "low" }, { kind: "effort", effort: "low", param: "effort" }],
    [{ format: {} }, { kind: "parameter", endpoint: "chat_completions", name: "response_format", param: "format" }],
  ])("have the caller's own field names, over either dialect: %j", (changes, need) => {
    expect(preparedSlim(changes).needs).toContainEqual(need);
    if ("kind" in need && need.kind !== "parameter") expect(preparedSlimResponses(changes).needs).toContainEqual(need);
  });

  it.each([preparedSlim, preparedSlimResponses])(
    "refuse another effort than the alias's by that name",
    async (prepare) => {
      const model = { ...bundledModel("o4-mini"), fixed: { effort: "low" } };
      const error = await refusalOf(() => prepare({ effort: "high" }, model));
      expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "effort" } });
    },
  );
});

describe("an image", () => {
  it.each(["https://a.test/a.png", "data:image/jpeg;base64,AAAA"])("may be at %s", (url) => {
    expect(() => withUrl(url)).not.toThrow();
  });

  it.each([
    "http://a.test/a.png",
    "data:text/html,<b>",
    "file:///etc/passwd",
    "javascript:1",
    "a.png",
    "",
    " https://a.test/",
  ])("may not be at '%s'", (url) => {
    expect(() => withUrl(url)).toThrow();
  });
});

describe("the demand", () => {
  it("is one answer, of the length that is asked for", () => {
    expect(demand()).toEqual({
      inputBytes: JSON.stringify({ messages: [{ role: "user", content: "Hi" }] }).length,
      images: 0,
      choices: 1,
      maxOutputTokens: undefined,
    });
    expect(demand({ max_output_tokens: 70 }).maxOutputTokens).toBe(70);
  });
});
