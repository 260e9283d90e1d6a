// Whole answers in either dialect become one slim object.

import { describe, expect, it } from "vitest";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { slimWhole } from "../../../../src/features/slim-chat/whole-answer.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { messageOf, responseOf } from "../../../dialects/support/responses-events.ts";

const PROMPT = { prompt_tokens: 12, prompt_tokens_details: { cached_tokens: 8 } };
const usage = { ...PROMPT, completion_tokens: 30, completion_tokens_details: { reasoning_tokens: 16 } };
const chat = (message: Json, finish_reason = "stop", more: Json = { usage }) =>
  slimWhole(
    JSON.stringify({ choices: [{ index: 0, message, finish_reason }], ...more }),
    chatDialect,
    () => "call_new",
  );
const response = (output: Json[], changes: Json = {}) =>
  slimWhole(JSON.stringify(responseOf({ output, ...changes })), responsesDialect, () => "call_new");

const TEXT = messageOf({ type: "output_text", text: "A weir." });
const CALL = { name: "look", arguments: '{"at":1}' };
const FUNCTION = { type: "function_call", call_id: "call_1", ...CALL };
const summary = (...texts: string[]) => ({ type: "reasoning", summary: texts.map((text) => ({ text })) });
const toolCall = { id: "call_1", type: "function", function: CALL };

const USED = { usage: { input: 12, cached: 8, output: 30, reasoning: 16, usd: 0.5 }, left: { "tokens/day": 5 } };

describe("a whole answer", () => {
  it.each([
    ["text", chat({ content: "A weir." }), response([TEXT]), { text: "A weir.", finish: "stop" }],
    [
      "a refusal",
      chat({ refusal: "I can't." }),
      response([messageOf({ type: "refusal", refusal: "I can't." })]),
      { text: "I can't.", finish: "refusal" },
    ],
    [
      "a tool call",
      chat({ tool_calls: [toolCall] }, "tool_calls"),
      response([FUNCTION]),
      { text: "", finish: "tool_calls", tools: [{ id: "call_1", ...CALL }] },
    ],
    [
      "a truncated tool call",
      chat({ tool_calls: [toolCall] }, "length"),
      response([FUNCTION], { status: "incomplete" }),
      { text: "", finish: "length" },
    ],
  ])("with %s is the same object in either dialect", (_what, overChat, overResponses, object) => {
    for (const answer of [overChat, overResponses]) {
      expect(JSON.parse(answer.conclude({ left: USED.left, usd: 0.5 }))).toEqual({ ...object, ...USED });
      expect(answer.text).toBe(object.text);
    }
  });

  it("gives an id to calls without one, also in the deprecated form", () => {
    const settled = { left: {}, usd: 0 };
    const call = { id: "call_new", ...CALL };
    const calls = [{ ...toolCall, id: "" }, toolCall];
    const forms = [
      chat({ tool_calls: calls }),
      chat({ function_call: CALL }),
      response([{ ...FUNCTION, call_id: "" }]),
    ];
    const tools = forms.map((answer) => (JSON.parse(answer.conclude(settled)) as { tools: unknown }).tools);
    expect(tools).toEqual([[call, { id: "call_1", ...CALL }], [call], [call]]);
  });

  it("has the summary of the reasoning if there is one", () => {
    const settled = { left: {}, usd: 0 };
    const answer = response([summary("First", "Second"), TEXT]);
    expect(JSON.parse(answer.conclude(settled))).toMatchObject({ thinking: "First\n\nSecond", text: "A weir." });
    expect(JSON.parse(response([summary(), TEXT]).conclude(settled))).not.toHaveProperty("thinking");
    expect(answer.allText()).toBe("FirstSecondA weir.");
  });

  it("without usage has the cost only", () => {
    const answer = chat({ content: "A weir." }, "stop", {});
    expect(JSON.parse(answer.conclude({ left: {}, usd: 0.5 }))).toHaveProperty("usage", { usd: 0.5 });
  });
});
