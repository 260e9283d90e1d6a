// The body that asks the provider for the exact size of a chat: complete, or none at all.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countBody } from "../../../../src/dialects/chat-completions/count.ts";
import { preparedChat } from "../../support/chat-requests.ts";

type Json = Record<string, unknown>;

const count = (changes: Json) => countBody(preparedChat(changes).request);
const counted = (changes: Json = {}): Json => JSON.parse(count(changes) ?? "null") as Json;
const items = (...messages: Json[]) => counted({ messages }).input;
const call = { id: "call_1", type: "function", function: { name: "look", arguments: '{"at":1}' } };

describe("the count of a chat", () => {
  it("is asked of the snapshot that will answer, with nothing but what has a size", () => {
    const body = counted({ temperature: 1, stream: true, max_completion_tokens: 10, n: 2, user: "alice" });
    expect(body).toEqual({ model: "o4-mini-2025-04-16", input: [{ role: "user", content: "Hi" }] });
  });

  it("has the parts of what the user says", () => {
    const content = [
      { type: "text", text: "What?" },
      { type: "image_url", image_url: { url: "https://a.test/b.png", detail: "low" } },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    expect(items({ role: "user", content })).toEqual([
      {
        role: "user",
        content: [
          { type: "input_text", text: "What?" },
          { type: "input_image", image_url: "https://a.test/b.png", detail: "low" },
          { type: "input_image", image_url: "data:image/png;base64,AAAA" },
        ],
      },
    ]);
  });

  it("has the parts of what the model said", () => {
    const content = [
      { type: "text", text: "So." },
      { type: "refusal", refusal: "No." },
    ];
    expect(items({ role: "assistant", content })).toEqual([
      {
        role: "assistant",
        content: [
          { type: "output_text", text: "So." },
          { type: "refusal", refusal: "No." },
        ],
      },
    ]);
  });

  it("has the model's calls after its words, and what the tools returned", () => {
    const messages = [
      { role: "assistant", content: "Let me look.", tool_calls: [call] },
      { role: "tool", tool_call_id: "call_1", content: "Nothing." },
      { role: "assistant", content: null, tool_calls: [{ ...call, id: "call_2" }] },
    ];
    expect(items(...messages)).toEqual([
      { role: "assistant", content: "Let me look." },
      { type: "function_call", call_id: "call_1", name: "look", arguments: '{"at":1}' },
      { type: "function_call_output", call_id: "call_1", output: "Nothing." },
      { type: "function_call", call_id: "call_2", name: "look", arguments: '{"at":1}' },
    ]);
  });

  it("has the functions, their fields beside the type", () => {
    const parameters = { type: "object", properties: { river: { type: "string" } } };
    const tools = [{ type: "function", function: { name: "look", description: "Looks.", parameters, strict: true } }];
    expect(counted({ tools }).tools).toEqual([
      { type: "function", name: "look", description: "Looks.", parameters, strict: true },
    ]);
  });

  it("has custom tools, with their grammar as the counter writes it", () => {
    const grammar = { syntax: "lark", definition: "start: WORD" };
    const plain = { type: "custom", custom: { name: "say", description: "Says." } };
    const strict = { type: "custom", custom: { name: "write", format: { type: "grammar", grammar } } };
    expect(counted({ tools: [plain] }).tools).toEqual([{ type: "custom", name: "say", description: "Says." }]);
    // Where it has no words for a grammar, there may be no count.
    const body = count({ tools: [strict] });
    if (body === undefined) return;
    expect((JSON.parse(body) as Json).tools).toEqual([
      { type: "custom", name: "write", format: { type: "grammar", ...grammar } },
    ]);
  });

  it("lets no field of the caller's make a function or a schema something else", () => {
    const tools = [{ type: "function", function: { name: "look", type: "web_search" } }];
    expect(counted({ tools }).tools).toEqual([{ type: "function", name: "look" }]);
    const json_schema = { name: "answer", type: "text", schema: {} };
    expect(counted({ response_format: { type: "json_schema", json_schema } }).text).toEqual({
      format: { type: "json_schema", name: "answer", schema: {} },
    });
  });

  it("has the schema that the answer follows", () => {
    const json_schema = { name: "answer", strict: true, schema: { type: "object" } };
    expect(counted({ response_format: { type: "json_schema", json_schema } }).text).toEqual({
      format: { type: "json_schema", name: "answer", strict: true, schema: { type: "object" } },
    });
  });

  it("is not asked where there are functions of the old kind", () => {
    expect(count({ functions: [{ name: "look" }] })).toBeUndefined();
    expect(count({ functions: null })).toBeDefined();
  });
});

const SECRET = "a text that costs tokens";
describe("no text goes uncounted", () => {
  it.each<[string, Json]>([
    ["a name", { role: "user", content: "Hi", name: SECRET }],
    ["a refusal beside the words", { role: "assistant", content: "Hi", refusal: SECRET }],
    ["a call of the old kind", { role: "assistant", content: null, function_call: { name: "f", arguments: SECRET } }],
    ["a call of a custom tool", custom(SECRET)],
    [
      "a function's arguments",
      { role: "assistant", tool_calls: [{ ...call, function: { name: "f", arguments: SECRET } }] },
    ],
    ["a function's name", { role: "assistant", tool_calls: [{ ...call, function: { name: SECRET, arguments: "" } }] }],
    ["what a function of the old kind returned", { role: "function", name: "look", content: SECRET }],
    ["a field that nobody knows yet", { role: "user", content: "Hi", aside: SECRET }],
  ])("of %s", (_what, message) => {
    const body = count({ messages: [message] });
    expect(body === undefined || body.includes(SECRET)).toBe(true);
  });

  it("of any message", () => {
    const text = fc.uuid();
    const content = fc.oneof(
      text,
      fc.array(fc.record({ type: fc.constant("text"), text }), { maxLength: 3 }),
      fc.constant(null),
    );
    const calls = fc.array(
      fc.record({
        id: fc.constant("call_1"),
        type: fc.constant("function"),
        function: fc.record({ name: text, arguments: text }),
      }),
      { maxLength: 3 },
    );
    const message = fc.oneof(
      fc.record({ role: fc.constantFrom("user", "system", "developer"), content }),
      fc.record({ role: fc.constant("assistant"), content, tool_calls: calls }),
      fc.record({ role: fc.constant("tool"), tool_call_id: fc.constant("call_1"), content: text }),
    );
    const property = fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (messages) => {
      const texts = JSON.stringify(messages).match(/[\da-f]{8}-[\da-f-]{27}/g) ?? [];
      const body = count({ messages }) ?? "";
      expect(texts.filter((each) => !body.includes(each))).toEqual([]);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

function custom(input: string): Json {
  return {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "call_1", type: "custom", custom: { name: "f", input } }],
  };
}
