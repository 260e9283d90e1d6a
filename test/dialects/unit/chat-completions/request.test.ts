// Chat Completions requests: the schema, the body for the provider, the needs and the demand.

import { describe, expect, it } from "vitest";
import { readBody } from "../../../../src/core/http/json-body.ts";
import type { Need } from "../../../../src/core/catalog/support.ts";
import { ChatRequestSchema } from "../../../../src/dialects/chat-completions/request.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { postRequest } from "../../../support/json-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { gatedChat, preparedChat, writtenChat } from "../../support/chat-requests.ts";

type Json = Record<string, unknown>;

const HI = [{ role: "user", content: "Hi" }];
const HI_BYTES = JSON.stringify({ messages: HI }).length;
const IMAGE = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
const demandOf = (changes: Json) => preparedChat(changes).demand;

describe("the provider's body", () => {
  it("has the caller's fields, the snapshot's name and the granted output", () => {
    expect(writtenChat()).toEqual({ model: "o4-mini-2025-04-16", messages: HI, max_completion_tokens: 500 });
    const limited = writtenChat({ max_tokens: 9000, max_completion_tokens: 9000 });
    expect(limited).toEqual(writtenChat());
  });

  it("keeps every known field unchanged", () => {
    const call = { id: "call_1", type: "function", function: { name: "a", arguments: "{}" } };
    const kept = {
      messages: [
        { role: "developer", content: "Be brief.", name: "house" },
        { role: "user", content: [{ type: "text", text: "Hi" }, IMAGE] },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "call_1", content: "7" },
      ],
      n: 2,
      reasoning_effort: "low",
      tools: [{ type: "function", function: { name: "a", parameters: { type: "object" }, strict: true } }],
      tool_choice: { type: "function", function: { name: "a" } },
      response_format: { type: "json_schema", json_schema: { name: "x", schema: {} } },
      seed: 7,
      user: "someone",
      store: false,
      service_tier: "default",
      metadata: { page: "home" },
      prompt_cache_key: "k",
      prompt_cache_retention: "24h",
      prompt_cache_options: { mode: "explicit", ttl: "12h" },
    };
    expect(writtenChat(kept)).toMatchObject(kept);
  });

  it("requests usage for every stream, and keeps the caller's other options", () => {
    const stream_options = { include_usage: false, include_obfuscation: false };
    expect(writtenChat({ stream: true, stream_options }).stream_options).toEqual({
      include_usage: true,
      include_obfuscation: false,
    });
    expect(writtenChat({ stream: false })).not.toHaveProperty("stream_options");
  });

  it("streams without `stream_options` where the card refuses them, whoever asked for them", () => {
    const model = bundledModel("o4-mini");
    const card = { ...model.card, refuses: { chat_completions: ["stream_options"] } };
    for (const stream_options of [undefined, null, { include_usage: true }]) {
      const body = preparedChat({ stream: true, stream_options }, { ...model, card });
      expect(body.request).toMatchObject({ stream: true });
      expect(body.request).not.toHaveProperty("stream_options");
      expect(body.needs).not.toContainEqual(expect.objectContaining({ name: "stream_options" }));
    }
  });
});

describe("a parameter that the card does not support", () => {
  it.each([
    ["temperature", 1],
    ["top_p", 1],
    ["presence_penalty", 0],
    ["frequency_penalty", 0],
    ["logprobs", false],
    ["parallel_tool_calls", true],
    ["temperature", null],
    ["stop", []],
    ["logit_bias", {}],
  ])("is dropped when it has its default value: %s %s", (name, value) => {
    expect(writtenChat({ [name]: value })).not.toHaveProperty(name);
    expect(demandOf({ [name]: value }).inputBytes).toBe(HI_BYTES);
  });

  it.each([
    ["temperature", 0.7],
    ["stop", "\n"],
    ["presence_penalty", 1],
    ["logit_bias", { 50256: -100 }],
    ["logprobs", true],
    ["parallel_tool_calls", false],
  ])("is refused by name for any other value: %s %j", async (name, value) => {
    const error = await refusalOf(() => gatedChat({ [name]: value }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: name } });
  });

  it("is sent to a model that supports it", () => {
    const changes = { parallel_tool_calls: false };
    expect(gatedChat(changes, { requestedName: "gpt-5-mini" })).toMatchObject(changes);
  });
});

const feature = (name: string, param: string) => ({ kind: "feature", feature: name, param });

describe("the needs of a request", () => {
  const format = { type: "json_schema", json_schema: { name: "answer", schema: {} } };
  const functions = [{ name: "look" }];
  const needsOf = (changes: Json): Need[] =>
    preparedChat(changes).needs.filter(({ kind }) => kind !== "parameter" && kind !== "endpoint");

  it.each<[Json, object[]]>([
    [{}, []],
    [{ stream: true }, [feature("streaming", "stream")]],
    [{ tools: [{ type: "function", function: { name: "look" } }] }, [feature("function_calling", "tools")]],
    [{ functions }, [feature("function_calling", "functions")]],
    [{ response_format: format }, [feature("structured_outputs", "response_format")]],
    [{ prediction: { type: "content", content: "a" } }, [feature("predicted_outputs", "prediction")]],
    [{ messages: [{ role: "user", content: [IMAGE] }] }, [{ kind: "input", modality: "image", param: "messages" }]],
    [{ modalities: ["text", "audio"] }, [{ kind: "output", modality: "audio", param: "modalities" }]],
    [{ reasoning_effort: "low" }, [{ kind: "effort", effort: "low", param: "reasoning_effort" }]],
    [{ tools: [], functions: null, prediction: null, modalities: [], reasoning_effort: null, stream: false }, []],
    [{ response_format: { type: "text" } }, []],
  ])("for %j are %j", (changes, needs) => {
    expect(needsOf(changes)).toEqual(needs);
  });

  it("include the endpoint, and every parameter with a value other than the default", () => {
    const changes = { top_p: 1, seed: null, tool_choice: "auto", verbosity: "low" };
    const named = preparedChat(changes, bundledModel("gpt-5-mini")).needs.map((need) =>
      need.kind === "parameter" ? need.name : need.kind,
    );
    expect(named.toSorted()).toEqual(["endpoint", "messages", "model", "verbosity"]);
  });
});

const many = <Entry>(count: number, entry: Entry): Entry[] => Array.from({ length: count }, () => entry);

describe("the schema refuses what has no cost bound or could reach other users' data:", () => {
  it.each<[string, Json, "unsupported_parameter" | "invalid_request", string]>([
    ["audio", { audio: { voice: "alloy", format: "mp3" } }, "unsupported_parameter", "audio"],
    ["a web search", { web_search_options: {} }, "unsupported_parameter", "web_search_options"],
    ["an unknown field", { previous_response_id: "resp_1" }, "unsupported_parameter", "previous_response_id"],
    ["a stored answer", { store: true }, "invalid_request", "store"],
    ["an expensive tier", { service_tier: "priority" }, "invalid_request", "service_tier"],
    ["a slow tier", { service_tier: "flex" }, "invalid_request", "service_tier"],
    ["an unknown modality", { modalities: ["text", "smell"] }, "invalid_request", "modalities.1"],
    ["a format without a type", { response_format: { json_schema: {} } }, "invalid_request", "response_format.type"],
    ["functions that are not a list", { functions: { name: "look" } }, "invalid_request", "functions"],
    ["a hosted tool", { tools: [{ type: "function" }, { type: "mcp" }] }, "invalid_request", "tools.1.type"],
    ["too many choices", { n: 129 }, "invalid_request", "n"],
    ["no choices", { n: 0 }, "invalid_request", "n"],
    ["no output", { max_tokens: 0 }, "invalid_request", "max_tokens"],
    ["half a token", { max_completion_tokens: 1.5 }, "invalid_request", "max_completion_tokens"],
    ["no messages", { messages: [] }, "invalid_request", "messages"],
    ["too many messages", { messages: many(4097, HI[0]) }, "invalid_request", "messages"],
    ["too many tools", { tools: many(129, { type: "function" }) }, "invalid_request", "tools"],
    ["too many functions", { functions: many(129, { name: "f" }) }, "invalid_request", "functions"],
    ["too many stop texts", { stop: many(5, "a") }, "invalid_request", "stop"],
    ["stop numbers", { stop: [0] }, "invalid_request", "stop.0"],
    ["a hot temperature", { temperature: 2.1 }, "invalid_request", "temperature"],
    ["a temperature in words", { temperature: "hot" }, "invalid_request", "temperature"],
    ["too many log probabilities", { top_logprobs: 21 }, "invalid_request", "top_logprobs"],
    [
      "a schema that is a text",
      { response_format: { type: "json_schema", json_schema: "x" } },
      "invalid_request",
      "response_format.json_schema",
    ],
    [
      "a function that is a text",
      { tools: [{ type: "function", function: "x" }] },
      "invalid_request",
      "tools.0.function",
    ],
    ["biases in a list", { logit_bias: [1] }, "invalid_request", "logit_bias"],
    ["a bias in words", { logit_bias: { 50256: "no" } }, "invalid_request", "logit_bias.50256"],
    ["metadata with numbers", { metadata: { a: 1 } }, "invalid_request", "metadata.a"],
    [
      "too much metadata",
      { metadata: Object.fromEntries(many(17, "").map((text, index) => [index, text])) },
      "invalid_request",
      "metadata",
    ],
    ["a long key of the cache", { prompt_cache_key: "k".repeat(1025) }, "invalid_request", "prompt_cache_key"],
  ])("%s", async (_what, changes, code, param) => {
    const body = postRequest({ model: "o4-mini", messages: HI, ...changes });
    const error = await refusalOf(() => readBody(body, ChatRequestSchema));
    expect(error).toMatchObject({ status: 400, body: { code, param } });
  });

  it.each<[string, Json]>([
    ["audio", { content: [{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }] }],
    ["a file by its id", { content: [{ type: "file", file: { file_id: "file-1" } }] }],
    ["a file as data", { content: [{ type: "file", file: { filename: "a.pdf", file_data: "data:," } }] }],
    ["an image without a URL", { content: [{ type: "image_url", image_url: { file_id: "file-1" } }] }],
    ...[
      "http://a.test/a.png",
      "file:///a.png",
      "data:text/html,",
      "ftp://a.test/a",
      "//a.test/a",
      "https://",
      "https://a b",
    ].map((url): [string, Json] => [`an image at ${url}`, { content: [{ type: "image_url", image_url: { url } }] }]),
    ["tool calls that are no list", { role: "assistant", tool_calls: 5 }],
    ["a tool call that is null", { role: "assistant", tool_calls: [null] }],
    ["a called function that is a text", { role: "assistant", tool_calls: [{ id: "c", function: "x" }] }],
    ["a text part without a text", { content: [{ type: "text" }] }],
    ["too many parts", { content: many(2049, { type: "text", text: "" }) }],
    ["stored audio", { role: "assistant", audio: { id: "audio_abc123" } }],
  ])("%s in a message", async (_what, message) => {
    const body = postRequest({ model: "o4-mini", messages: [{ role: "user", ...message }] });
    expect((await refusalOf(() => readBody(body, ChatRequestSchema))).body.param).toMatch(/^messages\.0/);
  });
});

describe("the demand", () => {
  it("has one choice of any length by default", () => {
    expect(demandOf({})).toEqual({ inputBytes: HI_BYTES, images: 0, choices: 1, maxOutputTokens: undefined });
    expect(demandOf({ n: null, max_tokens: null })).toEqual(demandOf({}));
  });

  it("has the requested choices, and the newer of the two output limits", () => {
    expect(demandOf({ n: 3, max_tokens: 70 })).toMatchObject({ choices: 3, maxOutputTokens: 70 });
    expect(demandOf({ max_tokens: 70, max_completion_tokens: 50 }).maxOutputTokens).toBe(50);
  });

  it("counts the images of all messages, without the bytes of data URLs", () => {
    const web = { type: "image_url", image_url: { url: "https://a.test/a.png" } };
    const messages = [
      { role: "user", content: [IMAGE, { type: "text", text: "and" }, web] },
      { role: "assistant", content: "Nice." },
      { role: "user", content: [IMAGE] },
    ];
    const bytes = JSON.stringify({ messages }).length;
    expect(demandOf({ messages })).toMatchObject({ images: 3, inputBytes: bytes - 2 * IMAGE.image_url.url.length });
  });

  it("has the UTF-8 bytes of the model's input, without fields that only control the request", () => {
    const control = { stream: true, n: 2, reasoning_effort: "low", service_tier: "default", store: false };
    expect(demandOf(control).inputBytes).toBe(HI_BYTES);
    const tools = [{ type: "function", function: { name: "look", description: "堰" } }];
    expect(demandOf({ tools }).inputBytes).toBe(HI_BYTES + Buffer.byteLength(JSON.stringify({ tools })) - 1);
  });
});
