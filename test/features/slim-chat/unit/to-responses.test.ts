// uses: chat-completions, responses
// A slim request written as Responses: the same request in the other dialect.

import { describe, expect, it } from "vitest";
import { slimWays } from "../../../../src/features/slim-chat/exchange.ts";
import { slimRequest, writtenSlimResponses } from "../support/slim-requests.ts";

describe("a slim request over Responses", () => {
  it("of one text is a stream that is not stored", () => {
    expect(writtenSlimResponses()).toEqual({
      model: "o4-mini-2025-04-16",
      input: "Hi",
      stream: true,
      store: false,
      max_output_tokens: 500,
    });
  });

  it("has its instructions in their field, and system messages where they stand", () => {
    const input = [
      { role: "user", content: "Hi" },
      { role: "system", content: "More." },
    ];
    expect(writtenSlimResponses({ instructions: "Be brief.", input })).toMatchObject({
      instructions: "Be brief.",
      input: [
        { type: "message", role: "user", content: "Hi" },
        { type: "message", role: "system", content: "More." },
      ],
    });
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
    ];
    expect(writtenSlimResponses({ input }).input).toEqual([
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "What is this?" },
          { type: "input_image", image_url: "data:image/png;base64,AAAA" },
        ],
      },
      { type: "message", role: "assistant", content: "Let me look." },
      { type: "function_call", call_id: "call_1", name: "look", arguments: '{"at":1}' },
      { type: "function_call_output", call_id: "call_1", output: "a weir" },
      { type: "function_call", call_id: "call_2", name: "look", arguments: "{}" },
      { type: "function_call_output", call_id: "call_2", output: "a river" },
      { type: "message", role: "assistant", content: "A weir." },
    ]);
  });

  it("has its tools as functions that are not strict, since they are not in Chat Completions either", () => {
    const parameters = { type: "object", properties: { at: { type: "number" } } };
    const tools = [{ name: "look", description: "Looks.", parameters }, { name: "wait" }];
    expect(writtenSlimResponses({ tools }).tools).toEqual([
      { type: "function", name: "look", description: "Looks.", parameters, strict: false },
      { type: "function", name: "wait", parameters: { type: "object", properties: {} }, strict: false },
    ]);
  });

  it("has no empty lists of tools", () => {
    const input = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Ho", tools: [] },
    ];
    const written = writtenSlimResponses({ input, tools: [] });
    expect(written).not.toHaveProperty("tools");
    expect(written.input).toEqual([
      { type: "message", role: "user", content: "Hi" },
      { type: "message", role: "assistant", content: "Ho" },
    ]);
  });

  it("has its format as a strict JSON schema", () => {
    const schema = { type: "object", properties: {}, required: [], additionalProperties: false };
    expect(writtenSlimResponses({ format: schema }).text).toEqual({
      format: { type: "json_schema", name: "answer", strict: true, schema },
    });
  });

  it("has its effort, and the summary that it asks for", () => {
    expect(writtenSlimResponses({ effort: "high" }).reasoning).toEqual({ effort: "high" });
    expect(writtenSlimResponses({ reasoning: "summary" }).reasoning).toEqual({ summary: "auto" });
    expect(writtenSlimResponses({ effort: "high", reasoning: "summary" }).reasoning).toEqual({
      effort: "high",
      summary: "auto",
    });
  });
});

const dialects = (changes: Record<string, unknown>) => slimWays(slimRequest(changes)).map(({ endpoint }) => endpoint);

describe("the dialects of a slim request", () => {
  it("are both, as long as it does not ask what was thought", () => {
    expect(dialects({}).toSorted()).toEqual(["chat_completions", "responses"]);
    expect(dialects({ effort: "high" }).toSorted()).toEqual(["chat_completions", "responses"]);
    expect(dialects({ reasoning: "summary" })).toEqual(["responses"]);
  });
});
