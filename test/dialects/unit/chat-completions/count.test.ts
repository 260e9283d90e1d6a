// The request to the provider's token counter for a chat: complete, or none at all.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countChatInput } from "../../../../src/dialects/chat-completions/count.ts";
import { preparedChat } from "../../support/chat-requests.ts";

type Json = Record<string, unknown>;

const count = (changes: Json) => countChatInput(preparedChat(changes).request);
const counted = (changes: Json = {}): Json => JSON.parse(count(changes) ?? "null") as Json;
const call = { id: "call_1", type: "function", function: { name: "look", arguments: '{"at":1}' } };

describe("the count of a chat", () => {
  it("names the snapshot, and has only fields that are input of the model", () => {
    const body = counted({ temperature: 1, stream: true, max_completion_tokens: 10, n: 2, user: "alice" });
    expect(body).toEqual({ model: "o4-mini-2025-04-16", input: [{ role: "user", content: "Hi" }] });
  });

  it("has every part of a message in its Responses form", () => {
    const asked = [
      { type: "text", text: "What?" },
      { type: "image_url", image_url: { url: "https://a.test/b.png", detail: "low" } },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    const answered = [
      { type: "text", text: "So." },
      { type: "refusal", refusal: "No." },
    ];
    const messages = [
      { role: "user", content: asked },
      { role: "assistant", content: answered },
      { role: "assistant", content: "Let me look.", tool_calls: [call] },
      { role: "tool", tool_call_id: "call_1", content: "Nothing." },
      { role: "assistant", content: null, tool_calls: [{ ...call, id: "call_2" }] },
    ];
    expect(counted({ messages }).input).toEqual([
      {
        role: "user",
        content: [
          { type: "input_text", text: "What?" },
          { type: "input_image", image_url: "https://a.test/b.png", detail: "low" },
          { type: "input_image", image_url: "data:image/png;base64,AAAA" },
        ],
      },
      { role: "assistant", content: [{ type: "output_text", text: "So." }, answered[1]] },
      { role: "assistant", content: "Let me look." },
      { type: "function_call", call_id: "call_1", name: "look", arguments: '{"at":1}' },
      { type: "function_call_output", call_id: "call_1", output: "Nothing." },
      { type: "function_call", call_id: "call_2", name: "look", arguments: '{"at":1}' },
    ]);
  });

  it("has tools and the schema with their fields beside the type, which no field can replace", () => {
    const fields = { name: "look", description: "Looks.", parameters: { type: "object" }, strict: true };
    const say = { name: "say", description: "Says." };
    const json_schema = { name: "answer", strict: true, schema: { type: "object" } };
    const tools = [
      { type: "function", function: { ...fields, type: "web_search" } },
      { type: "custom", custom: say },
    ];
    const response_format = { type: "json_schema", json_schema: { ...json_schema, type: "text" } };
    expect(counted({ tools, response_format })).toMatchObject({
      tools: [
        { type: "function", ...fields },
        { type: "custom", ...say },
      ],
      text: { format: { type: "json_schema", ...json_schema } },
    });
  });

  it.each<Json>([
    { functions: [{ name: "look" }] },
    { prediction: { type: "content", content: "a" } },
    { tools: [{ type: "custom", custom: { name: "say", format: { type: "grammar" } } }] },
  ])("is not requested for a field without an equivalent: %j", (changes) => {
    expect(count(changes)).toBeUndefined();
    expect(count({ functions: null, prediction: null, tools: [] })).toBeDefined();
  });
});

const SECRET = "a text that costs tokens";
const customCall = { id: "call_1", type: "custom", custom: { name: "f", input: SECRET } };

describe("a chat is counted with all its text or not at all:", () => {
  it.each<[string, Json]>([
    ["a name", { role: "user", content: "Hi", name: SECRET }],
    ["a refusal beside the content", { role: "assistant", content: "Hi", refusal: SECRET }],
    ["a deprecated call", { role: "assistant", content: null, function_call: { name: "f", arguments: SECRET } }],
    ["a custom tool call", { role: "assistant", content: null, tool_calls: [customCall] }],
    ["the result of a deprecated call", { role: "function", name: "look", content: SECRET }],
    ["an unknown field", { role: "user", content: "Hi", aside: SECRET }],
  ])("%s", (_what, message) => {
    const body = count({ messages: [message] });
    expect(body === undefined || body.includes(SECRET)).toBe(true);
  });

  it("any message", () => {
    const text = fc.uuid();
    const parts = fc.array(fc.record({ type: fc.constant("text"), text }), { maxLength: 3 });
    const content = fc.oneof(text, parts, fc.constant(null));
    const called = fc.record({ name: text, arguments: text });
    const tool_calls = fc.array(
      fc.record({ id: fc.constant("call_1"), type: fc.constant("function"), function: called }),
      { maxLength: 3 },
    );
    const message = fc.oneof(
      fc.record({ role: fc.constantFrom("user", "system", "developer"), content }),
      fc.record({ role: fc.constant("assistant"), content, tool_calls }),
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
