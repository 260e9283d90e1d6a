// The subject that moderation reads: the caller's texts and images, in every field that is input of the model.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import type { ChatRequest } from "../../../../src/dialects/chat-completions/request.ts";
import { ChatRequestSchema } from "../../../../src/dialects/chat-completions/request.ts";
import type { ResponsesRequest } from "../../../../src/dialects/responses/request.ts";
import { ResponsesRequestSchema } from "../../../../src/dialects/responses/request.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { preparedChat } from "../../support/chat-requests.ts";
import { preparedBody } from "../../support/responses-requests.ts";

type Json = Record<string, unknown>;
/** Values with the text in every place of a field that is input of the model. */
type Shown = (text: string) => unknown[];

const MODEL: Model = { ...bundledModel("o4-mini"), fixed: { instructions: "Speak as the river." } };
const TEXT = "They kill";

const schemasWith = (text: string) => [
  { type: "object", description: text },
  { type: "object", properties: { [text]: { type: "string" } } },
  { type: "string", enum: ["a", text] },
];
const asked = (content: unknown) => ({ role: "user", content });
const answered = (fields: Json) => ({ role: "assistant", content: null, ...fields });
const calling = (type: string, fields: Json) => answered({ tool_calls: [{ id: "call_1", type, [type]: fields }] });

const CHAT: Partial<Record<keyof ChatRequest, Shown>> = {
  messages: (text) =>
    [
      asked(text),
      asked([{ type: "text", text }]),
      { ...asked("Hi"), name: text },
      answered({ content: [{ type: "refusal", refusal: text }] }),
      answered({ refusal: text }),
      calling("function", { name: text, arguments: "{}" }),
      calling("function", { name: "send", arguments: text }),
      calling("custom", { name: text, input: "a" }),
      calling("custom", { name: "say", input: text }),
      answered({ function_call: { name: text, arguments: "{}" } }),
      answered({ function_call: { name: "send", arguments: text } }),
      answered({ reasoning_content: text }),
      { role: "tool", tool_call_id: "call_1", content: text },
    ].map((message) => [message, asked("Hi")]),
  tools: (text) =>
    [
      { type: "function", function: { name: text } },
      { type: "function", function: { name: "send", description: text } },
      ...schemasWith(text).map((parameters) => ({ type: "function", function: { name: "send", parameters } })),
      { type: "custom", custom: { name: "say", format: { type: "grammar", grammar: { definition: text } } } },
    ].map((tool) => [tool]),
  functions: (text) => [
    [{ name: text }],
    [{ name: "send", description: text }],
    ...schemasWith(text).map((parameters) => [{ name: "send", parameters }]),
  ],
  response_format: (text) => [
    { type: "json_schema", json_schema: { name: text, schema: {} } },
    { type: "json_schema", json_schema: { name: "a", description: text, schema: {} } },
    ...schemasWith(text).map((schema) => ({ type: "json_schema", json_schema: { name: "a", schema } })),
  ],
  prediction: (text) => [
    { type: "content", content: text },
    { type: "content", content: [{ type: "text", text }] },
  ],
  stop: (text) => [["a", text]],
};

/** Fields that are no input of the model. */
const OTHERS_OF_CHAT: Partial<Record<keyof ChatRequest, unknown>> = {
  model: TEXT,
  stream: true,
  stream_options: { note: TEXT },
  max_completion_tokens: 9,
  max_tokens: 9,
  n: 2,
  reasoning_effort: "low",
  store: false,
  service_tier: "auto",
  modalities: ["text"],
  temperature: 0.5,
  top_p: 0.5,
  presence_penalty: 1,
  frequency_penalty: 1,
  logit_bias: { "50256": -100 },
  logprobs: true,
  top_logprobs: 2,
  seed: 7,
  // Names of tools, which `tools` holds too.
  tool_choice: { type: "function", function: { name: TEXT } },
  function_call: { name: TEXT },
  parallel_tool_calls: false,
  verbosity: "low",
  user: TEXT,
  safety_identifier: TEXT,
  prompt_cache_key: TEXT,
  prompt_cache_retention: "24h",
  prompt_cache_options: { mode: "explicit" },
  metadata: { note: TEXT },
};

const call = (fields: Json) => ({ call_id: "call_1", ...fields });
const RESPONSES: Partial<Record<keyof ResponsesRequest, Shown>> = {
  input: (text) => [
    text,
    ...[
      asked(text),
      asked([{ type: "input_text", text }]),
      { role: "assistant", content: [{ type: "output_text", text }] },
      { role: "assistant", content: [{ type: "output_text", text: "", annotations: [{ title: text }] }] },
      { role: "assistant", content: [{ type: "refusal", refusal: text }] },
      call({ type: "function_call", name: text, arguments: "{}" }),
      call({ type: "function_call", name: "send", arguments: text }),
      call({ type: "function_call_output", output: text }),
      call({ type: "function_call_output", output: [{ type: "input_text", text }] }),
      call({ type: "custom_tool_call", name: text, input: "a" }),
      call({ type: "custom_tool_call", name: "say", input: text }),
      call({ type: "custom_tool_call_output", output: text }),
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: text } },
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "open_page", url: text } },
      { type: "file_search_call", id: "fs_1", status: "completed", queries: [text], results: null },
      { type: "file_search_call", id: "fs_1", status: "completed", queries: ["a"], results: [{ filename: "b", text }] },
      { type: "reasoning", encrypted_content: "gA", summary: [{ type: "summary_text", text }] },
      { type: "reasoning", encrypted_content: "gA", content: [{ type: "reasoning_text", text }] },
    ].map((item) => [item, asked("Hi")]),
  ],
  instructions: (text) => [text],
  tools: (text) =>
    [
      { type: "function", name: text },
      { type: "function", name: "send", description: text },
      ...schemasWith(text).map((parameters) => ({ type: "function", name: "send", parameters })),
      { type: "custom", name: "say", format: { type: "grammar", definition: text } },
    ].map((tool) => [tool]),
  text: (text) => [
    { format: { type: "json_schema", name: text, schema: {} } },
    { format: { type: "json_schema", name: "a", description: text, schema: {} } },
    ...schemasWith(text).map((schema) => ({ format: { type: "json_schema", name: "a", schema } })),
  ],
};

const OTHERS_OF_RESPONSES: Partial<Record<keyof ResponsesRequest, unknown>> = {
  model: TEXT,
  stream: true,
  stream_options: { note: TEXT },
  max_output_tokens: 9,
  max_tool_calls: 3,
  reasoning: { effort: "low" },
  tool_choice: { type: "function", name: TEXT },
  parallel_tool_calls: false,
  include: [TEXT],
  store: false,
  background: false,
  service_tier: "auto",
  temperature: 0.5,
  top_p: 0.5,
  top_logprobs: 2,
  truncation: "auto",
  metadata: { note: TEXT },
  user: TEXT,
  safety_identifier: TEXT,
  prompt_cache_key: TEXT,
  prompt_cache_retention: "24h",
  prompt_cache_options: { mode: "explicit" },
};

const ofChat = (changes: Json) => preparedChat(changes, MODEL).subject;
const ofResponses = (changes: Json) => preparedBody(changes, MODEL).subject;

describe.each([
  ["/v1/chat/completions", ofChat, CHAT, OTHERS_OF_CHAT, Object.keys(ChatRequestSchema.entries)],
  ["/v1/responses", ofResponses, RESPONSES, OTHERS_OF_RESPONSES, Object.keys(ResponsesRequestSchema.entries)],
] as const)("the subject of %s", (_route, subjectOf, shown: Partial<Record<string, Shown>>, others, fields) => {
  it("has a decision for every field", () => {
    expect([...Object.keys(shown), ...Object.keys(others)].toSorted()).toEqual(fields.toSorted());
  });

  it.each(Object.entries(shown))("has the text of every place in %s, and none of the alias", (field, values) => {
    for (const value of values?.(TEXT) ?? []) {
      const { text } = subjectOf({ [field]: value });
      expect(text, JSON.stringify(value)).toContain(TEXT);
      expect(text).not.toContain("river");
    }
  });

  it.each(Object.entries(others))("does not change with %s", (field, value) => {
    expect(subjectOf({ [field]: value })).toEqual(subjectOf({}));
  });
});

it("a text is unchanged in either dialect", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "é", "🌊", " ", "{", ":", '"', "\n"), minLength: 1 });
  const property = fc.property(texts, (text) => {
    expect(ofChat({ messages: [asked(text)] }).text).toBe(text);
    expect(ofResponses({ input: text }).text).toBe(text);
  });
  fc.assert(property, { numRuns: 100 });
});

it("all texts are joined by line breaks, and the images of all messages and tool outputs are listed", () => {
  const URLS = ["https://pictures.test/1.png", "data:image/png;base64,AA"];
  const [first, second] = URLS.map((url) => ({ type: "image_url", image_url: { url } }));
  const messages = [
    { role: "system", content: 'Be "kind".\n' },
    asked([{ type: "text", text: "One" }, first, { type: "text", text: "Two" }]),
    { role: "assistant", content: "" },
    asked([second]),
  ];
  expect(ofChat({ messages })).toMatchObject({ text: 'Be "kind".\n\nOne\nTwo', images: URLS });
  const images = URLS.map((image_url) => [{ type: "input_image", image_url }]);
  const input = [asked(images[0]), call({ type: "function_call_output", output: images[1] })];
  expect(ofResponses({ input })).toMatchObject({ text: "", images: URLS });
});
