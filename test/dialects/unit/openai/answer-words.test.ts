// The words of an answer that moderation judges: every text of it, each once.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chatWords } from "../../../../src/dialects/chat-completions/decode.ts";
import { responsesWords } from "../../../../src/dialects/responses/decode.ts";
import { chunk } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";
import { messageOf, recordedResponse, responseOf } from "../../support/responses-events.ts";

const dataOf = (event: string) => readEvents(event)[0]?.data ?? "";
const inChat = (delta: Record<string, unknown>) => chatWords(dataOf(chunk(delta)));
const whole = (message: object) =>
  chatWords(JSON.stringify({ choices: [{ index: 0, message, finish_reason: "stop" }] }));
const inResponses = (event: object) => responsesWords(JSON.stringify(event));
const output = (...items: Record<string, unknown>[]) => responsesWords(JSON.stringify(responseOf({ output: items })));

/** A token, and another that it could have been. */
const LOGPROBS = [
  { token: "They", logprob: -0.1, bytes: null, top_logprobs: [{ token: " kill", logprob: -2, bytes: null }] },
];

/** Any value with that text in it somewhere, under names that are not known. */
const nested = (text: string) =>
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(text),
      fc.array(tie("value"), { minLength: 1, maxLength: 2 }),
      fc.record({ some_field: tie("value"), other: fc.oneof(fc.string(), fc.integer(), fc.constant(null)) }),
    ),
  })).value;

it("what is said has no tokens between its words", () => {
  const choice = { index: 0, delta: { content: "Hi" }, logprobs: { content: LOGPROBS }, finish_reason: null };
  expect(chatWords(JSON.stringify({ choices: [choice] }))).toBe("Hi");
  expect(inResponses({ type: "response.output_text.delta", delta: "Hi", logprobs: LOGPROBS })).toBe("Hi");
});

describe("what a chat says", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["its text", { role: "assistant", content: "They fall." }, "They fall."],
    ["its refusal", { content: null, refusal: "I can't." }, "I can't."],
    ["a tool's name and arguments", toolCall("function", { name: "send", arguments: "{}" }), "send{}"],
    ["a custom tool's name and input", toolCall("custom", { name: "say", input: "hello" }), "sayhello"],
    ["the older form of a call", { function_call: { name: "send", arguments: "{}" } }, "send{}"],
    [
      "a title beside it",
      { content: "Hi", annotations: [{ url_citation: { title: "Rivers", start: 0 } }] },
      "HiRivers",
    ],
    ["nothing", { role: "assistant", content: "" }, ""],
  ])("is %s", (_what, message, said) => {
    expect([inChat(message), whole(message)]).toEqual([said, said]);
  });

  it("is that of every choice, and nothing of what is no choice", () => {
    const choices = [{ delta: { content: "One. " } }, { delta: null }, { delta: { content: "Two." } }, {}];
    expect(chatWords(JSON.stringify({ id: "chat-1", model: "m", choices }))).toBe("One. Two.");
    expect(chatWords("[DONE]")).toBe("");
    for (const none of [{ choices: [], usage: { prompt_tokens: 1 } }, { choices: null }, {}])
      expect(chatWords(JSON.stringify(none))).toBe("");
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["a message beside an empty delta", { delta: {}, message: { content: "They kill." } }, "They kill."],
    ["a field that is not known", { delta: { content: "" }, novel: { words: ["They kill."] } }, "They kill."],
  ])("is %s of a choice, too", (_what, choice, said) => {
    expect(chatWords(JSON.stringify({ choices: [{ index: 0, ...choice, finish_reason: null }] }))).toBe(said);
  });

  it("is every text, however deep and under whatever name", () => {
    const property = fc.property(nested("They kill."), (value) => {
      expect(inChat({ novel: value })).toContain("They kill.");
      expect(whole({ content: "Hi", novel: value })).toContain("They kill.");
    });
    fc.assert(property);
  });
});

function toolCall(type: string, fields: object) {
  return { tool_calls: [{ index: 0, id: "call_1", type, [type]: fields }] };
}

const itemDone = (item: Record<string, unknown>) => ({ type: "response.output_item.done", output_index: 0, item });

describe("what Responses says", () => {
  it.each([
    "response.output_text.delta",
    "response.refusal.delta",
    "response.reasoning_summary_text.delta",
    "response.function_call_arguments.delta",
    "response.custom_tool_call_input.delta",
    "response.something_new.delta",
  ])("is the delta of %s", (type) => {
    expect(inResponses({ type, item_id: "msg_1", output_index: 0, delta: "They fall." })).toBe("They fall.");
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["a message", messageOf({ type: "output_text", text: "They fall.", annotations: [] }), "They fall."],
    ["a refusal", messageOf({ type: "refusal", refusal: "I can't." }), "I can't."],
    [
      "a summary",
      { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "gA" },
      "Hm.",
    ],
    ["a function call", { type: "function_call", call_id: "call_1", name: "send", arguments: "{}" }, "send{}"],
    ["a custom tool call", { type: "custom_tool_call", call_id: "call_1", name: "say", input: "hello" }, "sayhello"],
    ["what is not known", { type: "novel", id: "n_1", deep: { words: ["They", " fall."] } }, "They fall."],
  ])("is %s of a whole response", (_what, item, said) => {
    expect(output(item)).toBe(said);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      "a title beside a text",
      {
        type: "response.output_text.annotation.added",
        annotation: { type: "url_citation", url: "https://a.test/ ", title: "They kill." },
      },
      "https://a.test/ They kill.",
    ],
    [
      "what a hosted tool was asked",
      itemDone({
        type: "web_search_call",
        id: "ws_1",
        status: "completed",
        action: { type: "search", query: "They kill." },
      }),
      "They kill.",
    ],
    [
      "what a hosted tool said",
      itemDone({ type: "mcp_call", id: "mcp_1", name: "look", arguments: "{}", output: "They kill." }),
      "look{}They kill.",
    ],
  ])("is %s, too", (_what, event, said) => {
    expect(inResponses(event)).toBe(said);
  });

  it.each<[string, Record<string, unknown>]>([
    ["a message", messageOf({ type: "output_text", text: "They fall.", annotations: [] })],
    ["a call", { type: "function_call", call_id: "call_1", name: "send", arguments: "{}" }],
    ["a thought", { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }] }],
  ])("is not told again by the end of %s, which came in deltas", (_what, item) => {
    expect(inResponses(itemDone(item))).toBe("");
  });

  it("is every text of a delta or an item, however deep and under whatever name", () => {
    const property = fc.property(nested("They kill."), (value) => {
      expect(inResponses({ type: "response.novel", delta: value })).toContain("They kill.");
      expect(output({ type: "novel", novel: value })).toContain("They kill.");
    });
    fc.assert(property);
  });

  it("is not told twice by the events that repeat a text", () => {
    const said = recordedResponse("text").map(inResponses).join("");
    const deltas = recordedResponse("text").flatMap(({ type, delta }) =>
      type === "response.output_text.delta" ? [String(delta)] : [],
    );
    expect(said).toBe(deltas.join(""));
    expect(said).not.toBe("");
  });
});
