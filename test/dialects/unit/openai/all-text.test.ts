// The text of an answer that moderation reads: every text, once.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { messageOf, recordedResponse, responseOf } from "../../support/responses-events.ts";

type Json = Record<string, unknown>;

const choices = (...each: unknown[]) => chatDialect.allText({ id: "chat-1", model: "m", choices: each });
const chunk = (delta: Json) => choices({ index: 0, delta, finish_reason: null });
const completion = (message: Json) => choices({ index: 0, message, finish_reason: "stop" });
const event = (json: Json) => responsesDialect.allText(json);
const response = (...output: Json[]) => event(responseOf({ output }));
const itemOf = (when: "added" | "done", item: Json) =>
  event({ type: `response.output_item.${when}`, output_index: 0, item });
const toolCall = (type: string, fields: Json) => ({ tool_calls: [{ index: 0, id: "call_1", type, [type]: fields }] });

const FUNCTION = { type: "function_call", call_id: "call_1", name: "send", arguments: "{}" };
const MESSAGE = messageOf({ type: "output_text", text: "They fall.", annotations: [] });
const SUMMARY = { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "gA" };
const action = { type: "search", query: "They kill." };
const SEARCH = { type: "web_search_call", id: "ws_1", status: "completed", action };
/** A token and an alternative to it. */
const logprobs = [
  { token: "They", logprob: -0.1, bytes: null, top_logprobs: [{ token: " kill", logprob: -2, bytes: null }] },
];

/** Any JSON value that holds the text, under unknown names. */
const nested = (text: string) =>
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(text),
      fc.array(tie("value"), { minLength: 1, maxLength: 2 }),
      fc.record({ some_field: tie("value"), other: fc.oneof(fc.string(), fc.integer(), fc.constant(null)) }),
    ),
  })).value;

it("log probabilities are left out, because they repeat the tokens", () => {
  expect(choices({ index: 0, delta: { content: "Hi" }, logprobs: { content: logprobs } })).toBe("Hi");
  expect(event({ type: "response.output_text.delta", delta: "Hi", logprobs })).toBe("Hi");
});

describe("the text of a chat", () => {
  it.each<[string, Json, string]>([
    ["the content", { role: "assistant", content: "They fall." }, "They fall."],
    ["a refusal", { content: null, refusal: "I can't." }, "I can't."],
    ["a function's name and arguments", toolCall("function", { name: "send", arguments: "{}" }), "send{}"],
    ["a custom tool's name and input", toolCall("custom", { name: "say", input: "hello" }), "sayhello"],
    ["a deprecated call", { function_call: { name: "send", arguments: "{}" } }, "send{}"],
    ["an annotation", { content: "Hi", annotations: [{ url_citation: { title: "Rivers", start: 0 } }] }, "HiRivers"],
    ["nothing for an empty message", { role: "assistant", content: "" }, ""],
  ])("is %s", (_what, message, text) => {
    expect([chunk(message), completion(message)]).toEqual([text, text]);
  });

  it("is the text of every choice, with its unknown fields, and nothing else", () => {
    expect(choices({ delta: { content: "One. " } }, { delta: null }, { delta: { content: "Two." } }, {})).toBe(
      "One. Two.",
    );
    expect(choices({ delta: {}, message: { content: "They " }, novel: { words: ["kill."] } })).toBe("They kill.");
    for (const json of [undefined, { choices: [], usage: { prompt_tokens: 1 } }, { choices: null }, {}])
      expect(chatDialect.allText(json)).toBe("");
  });

  it("is every text at any depth and under any name", () => {
    const property = fc.property(nested("They kill."), (value) => {
      expect(chunk({ novel: value })).toContain("They kill.");
      expect(completion({ content: "Hi", novel: value })).toContain("They kill.");
    });
    fc.assert(property);
  });
});

describe("the text of a response", () => {
  it.each(["output_text", "reasoning_summary_text", "custom_tool_call_input", "something_new"])(
    "is the delta of response.%s.delta",
    (type) => {
      const json = { type: `response.${type}.delta`, item_id: "msg_1", output_index: 0, delta: "They fall." };
      expect(event(json)).toBe("They fall.");
    },
  );

  it.each<[string, Json, string]>([
    ["a message", MESSAGE, "They fall."],
    ["a refusal", messageOf({ type: "refusal", refusal: "I can't." }), "I can't."],
    ["a summary", SUMMARY, "Hm."],
    ["a function call", FUNCTION, "send{}"],
    ["a custom tool call", { type: "custom_tool_call", call_id: "call_1", name: "say", input: "hello" }, "sayhello"],
    ["an unknown item", { type: "novel", id: "n_1", deep: { words: ["They", " fall."] } }, "They fall."],
  ])("is the text of %s in a whole answer", (_what, item, text) => {
    expect(response(item)).toBe(text);
  });

  it("includes a citation, a tool's name, and what a hosted tool sent and received", () => {
    const annotation = { type: "url_citation", url: "https://a.test/ ", title: "They kill." };
    expect(event({ type: "response.output_text.annotation.added", annotation })).toBe("https://a.test/ They kill.");
    expect(itemOf("added", FUNCTION)).toBe("send{}");
    expect(itemOf("done", SEARCH)).toBe("They kill.");
    const call = { type: "mcp_call", id: "mcp_1", name: "look", arguments: "{}", output: "They kill." };
    expect(itemOf("done", call)).toBe("look{}They kill.");
  });

  it.each([MESSAGE, FUNCTION, SUMMARY])("is not repeated by the end of an item: $type", (item) => {
    expect(itemOf("done", item)).toBe("");
  });

  it("is every text of a delta or an item at any depth and under any name", () => {
    const property = fc.property(nested("They kill."), (value) => {
      expect(event({ type: "response.novel", delta: value })).toContain("They kill.");
      expect(response({ type: "novel", novel: value })).toContain("They kill.");
    });
    fc.assert(property);
  });

  it("is each text once over all events of a stream", () => {
    const recorded = recordedResponse("text");
    const deltas = recorded.map(({ type, delta }) => (type === "response.output_text.delta" ? String(delta) : ""));
    expect(recorded.map(event).join("")).toBe(deltas.join(""));
    expect(deltas.join("")).not.toBe("");
  });
});
