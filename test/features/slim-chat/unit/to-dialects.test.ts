// Slim requests written as Chat Completions and as Responses: body, needs, bound and moderated subject.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { slimWays } from "../../../../src/features/slim-chat/exchange.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { sentJson } from "../../../dialects/support/responses-requests.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { slimOverChat, slimOverResponses, slimRequest } from "../support/slim-requests.ts";

const overChat = (changes: Json = {}) => sentJson(slimOverChat(changes).ask);
const overResponses = (changes: Json = {}) => sentJson(slimOverResponses(changes).ask);
const call = (id: string, args: string) => ({ id, type: "function", function: { name: "look", arguments: args } });
const functionCall = (call_id: string, args: string) => ({
  type: "function_call",
  call_id,
  name: "look",
  arguments: args,
});
const message = (role: string, content: unknown) => ({ type: "message", role, content });

const SNAPSHOT = "o4-mini-2025-04-16";
const SCHEMA = { type: "object", properties: {}, required: [], additionalProperties: false };
const LOOK = { name: "look", description: "Looks.", parameters: { type: "object", properties: { at: {} } } };
const IMAGE = { type: "image", url: "data:image/png;base64,AAAA" };
const HI = { role: "user", content: "Hi" };
const TURNS = [
  { role: "system", content: "Be kind." },
  { role: "user", content: [{ type: "text", text: "What is this?" }, IMAGE] },
  { role: "assistant", content: "Let me look.", tools: [{ id: "call_1", name: "look", arguments: '{"at":1}' }] },
  { role: "tool", id: "call_1", content: "a weir" },
  { role: "assistant", tools: [{ id: "call_2", name: "look", arguments: "{}" }] },
  { role: "tool", id: "call_2", content: "a river" },
  { role: "assistant", content: "A weir.", tools: [] },
];

describe("a slim request", () => {
  it("with one text is a stream with one message, not stored", () => {
    const sent = { model: SNAPSHOT, stream: true };
    const stream_options = { include_usage: true };
    expect(overChat()).toEqual({ ...sent, messages: [HI], stream_options, max_completion_tokens: 500 });
    expect(overResponses()).toEqual({ ...sent, input: "Hi", store: false, max_output_tokens: 500 });
  });

  it("keeps all turns, with images, tool calls and tool results", () => {
    const changes = { instructions: "Be brief.", input: TURNS, tools: [] };
    const chat = overChat(changes);
    expect(chat.messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "system", content: "Be kind." },
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: IMAGE.url } },
        ],
      },
      { role: "assistant", content: "Let me look.", tool_calls: [call("call_1", '{"at":1}')] },
      { role: "tool", tool_call_id: "call_1", content: "a weir" },
      { role: "assistant", content: null, tool_calls: [call("call_2", "{}")] },
      { role: "tool", tool_call_id: "call_2", content: "a river" },
      // Providers refuse empty lists of tools.
      { role: "assistant", content: "A weir." },
    ]);
    const responses = overResponses(changes);
    expect(responses.instructions).toBe("Be brief.");
    expect(responses.input).toEqual([
      message("system", "Be kind."),
      message("user", [
        { type: "input_text", text: "What is this?" },
        { type: "input_image", image_url: IMAGE.url },
      ]),
      message("assistant", "Let me look."),
      functionCall("call_1", '{"at":1}'),
      { type: "function_call_output", call_id: "call_1", output: "a weir" },
      functionCall("call_2", "{}"),
      { type: "function_call_output", call_id: "call_2", output: "a river" },
      message("assistant", "A weir."),
    ]);
    for (const sent of [chat, responses]) expect(sent).not.toHaveProperty("tools");
  });

  it("has its tools as functions, which are not strict in either dialect", () => {
    const tools = [LOOK, { name: "wait" }];
    expect(overChat({ tools }).tools).toEqual(tools.map((tool) => ({ type: "function", function: tool })));
    expect(overResponses({ tools }).tools).toEqual([
      { type: "function", ...LOOK, strict: false },
      { type: "function", name: "wait", parameters: { type: "object", properties: {} }, strict: false },
    ]);
  });

  it("has its format as a strict JSON schema", () => {
    const schema = { name: "answer", strict: true, schema: SCHEMA };
    expect(overChat({ format: SCHEMA }).response_format).toEqual({ type: "json_schema", json_schema: schema });
    expect(overResponses({ format: SCHEMA }).text).toEqual({ format: { type: "json_schema", ...schema } });
  });

  it("has its effort, and its reasoning summary only over Responses", () => {
    expect(overChat({ effort: "high" }).reasoning_effort).toBe("high");
    expect(overResponses({ effort: "high" }).reasoning).toEqual({ effort: "high" });
    const summary = { effort: "high", reasoning: "summary" };
    expect(overResponses(summary).reasoning).toEqual({ effort: "high", summary: "auto" });
    const endpoints = [{}, summary].map((changes) => slimWays(slimRequest(changes)).map(({ endpoint }) => endpoint));
    expect(endpoints).toEqual([["chat_completions", "responses"], ["responses"]]);
  });

  it.each([
    [70, 70, 70],
    [7, 7, 16],
    [undefined, undefined, undefined],
  ])("with the output limit %s demands %s tokens, over Responses %s", (max_output_tokens, chat, responses) => {
    const changes = max_output_tokens ? { max_output_tokens } : {};
    const demand = { images: 0, choices: 1 };
    expect(slimOverChat(changes).ask.demand).toMatchObject({ ...demand, maxOutputTokens: chat });
    expect(slimOverResponses(changes).ask.demand).toMatchObject({ ...demand, maxOutputTokens: responses });
  });

  it("is counted with its whole input", () => {
    const changes = { instructions: "Be brief.", tools: [LOOK] };
    const { model, input, instructions, tools } = overResponses(changes);
    expect(JSON.parse(slimOverResponses(changes).ask.count?.() ?? "null")).toEqual({
      model,
      input,
      instructions,
      tools,
    });
    const system = { role: "system", content: "Be brief." };
    const counted = { model, input: [system, HI], tools: [{ type: "function", ...LOOK }] };
    expect(JSON.parse(slimOverChat(changes).ask.count?.() ?? "null")).toEqual(counted);
  });
});

describe.each([
  ["Chat Completions", slimOverChat],
  ["Responses", slimOverResponses],
])("over %s", (_dialect, prepare) => {
  const model: Model = { ...bundledModel("o4-mini"), fixed: { effort: "low", instructions: "Speak as the river." } };
  const subjectOf = (changes: Json) => prepare(changes, model).ask.subject;

  it.each<[Json, object]>([
    [{ stream: true }, { kind: "feature", feature: "streaming", param: "stream" }],
    [{ tools: [{ name: "a" }] }, { kind: "feature", feature: "function_calling", param: "tools" }],
    [{ format: {} }, { kind: "feature", feature: "structured_outputs", param: "format" }],
    [{ input: [{ role: "user", content: [IMAGE] }] }, { kind: "input", modality: "image", param: "input" }],
    [{ effort: "low" }, { kind: "effort", effort: "low", param: "effort" }],
    [{ format: {} }, expect.objectContaining({ kind: "parameter", param: "format" }) as object],
  ])("the needs of %j have the caller's field names", (changes, need) => {
    expect(prepare(changes).ask.needs).toContainEqual(need);
  });

  it("an effort that contradicts the alias is refused by the caller's field name", async () => {
    const error = await refusalOf(() => prepare({ effort: "high" }, model));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "effort" } });
  });

  const TEXT = "They kill.";
  it.each<[string, Json]>([
    ["the input", { input: TEXT }],
    ["the instructions", { instructions: TEXT }],
    ["a message", { input: [{ role: "assistant", content: TEXT }] }],
    ["a part", { input: [{ role: "user", content: [{ type: "text", text: TEXT }] }] }],
    ["a tool result", { input: TURNS.map((turn) => (turn.role === "tool" ? { ...turn, content: TEXT } : turn)) }],
    ["a tool", { tools: [{ name: "send", description: TEXT }] }],
    ["the format", { format: { description: TEXT } }],
  ])("the moderated subject has the text of %s, and none of the alias", (_place, changes) => {
    expect(subjectOf(changes)?.text).toContain(TEXT);
    expect(subjectOf(changes)?.text).not.toContain("river.");
  });

  it("the moderated subject has the tool calls and the images", () => {
    expect(subjectOf({ input: TURNS })?.text).toContain('{"at":1}');
    expect(subjectOf({ input: TURNS })?.images).toEqual([IMAGE.url]);
  });

  it("the input bound is at least the UTF-8 bytes of instructions, messages, tools and format", () => {
    const terra = bundledModel("gpt-6.1-terra");
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 60 });
    const value = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }));
    const texts = fc.array(text, { minLength: 1, maxLength: 4 });
    const property = fc.property(texts, text, value, (contents, instructions, shown) => {
      const input = contents.map((content) => ({ role: "user", content }));
      const tools = [{ name: "pick", parameters: shown }];
      const { demand } = prepare({ input, instructions, tools, format: shown }, terra).ask;
      const bytes = [...contents, instructions, JSON.stringify(shown), JSON.stringify(shown)].map((each) =>
        Buffer.byteLength(each),
      );
      const bound = toBound(demand, terra.card, { max_output_tokens: 2000 }, 256).input;
      expect(bound).toBeGreaterThanOrEqual(bytes.reduce((sum, each) => sum + each, 0));
    });
    fc.assert(property, { numRuns: 60 });
  });
});
