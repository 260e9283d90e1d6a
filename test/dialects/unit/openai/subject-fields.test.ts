// Tables of all request fields: each either reaches the moderated subject or shows the model nothing.

import { describe, expect, it } from "vitest";
import type { ChatRequest } from "../../../../src/dialects/chat-completions/request.ts";
import { ChatRequestSchema } from "../../../../src/dialects/chat-completions/request.ts";
import type { ResponsesRequest } from "../../../../src/dialects/responses/request.ts";
import { ResponsesRequestSchema } from "../../../../src/dialects/responses/request.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { preparedChat } from "../../support/chat-requests.ts";
import { catalogAllowing, EVERYTHING, preparedBody } from "../../support/responses-requests.ts";

type Json = Record<string, unknown>;
/** Values that have the text in all places of a field that the model is shown. */
type Shown = (text: string) => unknown[];

const MODEL = bundledModel("o4-mini");
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

const UNSEEN_OF_CHAT: Partial<Record<keyof ChatRequest, unknown>> = {
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
  // Names of tools, which are judged where these are described.
  tool_choice: { type: "function", function: { name: TEXT } },
  function_call: { name: TEXT },
  parallel_tool_calls: false,
  verbosity: "low",
  user: TEXT,
  safety_identifier: TEXT,
  prompt_cache_key: TEXT,
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
  prompt: (text) => [{ id: "pmpt_1", variables: { one: "Hi", other: text } }],
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

const UNSEEN_OF_RESPONSES: Partial<Record<keyof ResponsesRequest, unknown>> = {
  model: TEXT,
  stream: true,
  stream_options: { note: TEXT },
  max_output_tokens: 9,
  max_tool_calls: 3,
  reasoning: { effort: "low" },
  tool_choice: { type: "function", name: TEXT },
  parallel_tool_calls: false,
  include: [TEXT],
  store: true,
  background: false,
  previous_response_id: "resp_1",
  // Refused where it says something.
  conversation: null,
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
};

const ofChat = (changes: Json) => preparedChat(changes, MODEL).subject;
const ofResponses = (changes: Json) => preparedBody(changes, MODEL, catalogAllowing(EVERYTHING)).subject;

describe.each([
  ["/v1/chat/completions", ofChat, CHAT, UNSEEN_OF_CHAT, Object.keys(ChatRequestSchema.entries)],
  ["/v1/responses", ofResponses, RESPONSES, UNSEEN_OF_RESPONSES, Object.keys(ResponsesRequestSchema.entries)],
] as const)("the fields of %s", (_route, subjectOf, shown: Partial<Record<string, Shown>>, unseen, fields) => {
  it("are all in one of the tables", () => {
    expect([...Object.keys(shown), ...Object.keys(unseen)].toSorted()).toEqual(fields.toSorted());
  });

  it.each(Object.entries(shown))("are judged wherever the model is shown something: %s", (field, values) => {
    for (const value of values?.(TEXT) ?? []) {
      expect(subjectOf({ [field]: value }).text, JSON.stringify(value)).toContain(TEXT);
    }
  });

  it.each(Object.entries(unseen))("are not judged where the model is shown nothing: %s", (field, value) => {
    expect(subjectOf({ [field]: value })).toEqual(subjectOf({}));
  });
});
