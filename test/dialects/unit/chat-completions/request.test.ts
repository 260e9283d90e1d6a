// What may be sent to /v1/chat/completions, what the provider gets of it, and what is refused before it costs anything.

import { describe, expect, it } from "vitest";
import { ChatRequestSchema } from "../../../../src/dialects/chat-completions/request.ts";
import { readBody } from "../../../../src/core/json-body.ts";
import { bundledModel, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { postRequest } from "../../../support/json-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { gatedChat, preparedChat, writtenChat } from "../../support/chat-requests.ts";

const HI = [{ role: "user", content: "Hi" }];
const IMAGE = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
const refuseBody = (changes: Record<string, unknown>) =>
  refusalOf(() => readBody(postRequest({ model: "o4-mini", messages: HI, ...changes }), ChatRequestSchema));
const refuseWriting = (changes: Record<string, unknown>, asked = "o4-mini") =>
  refusalOf(() => gatedChat(changes, { asked }));

const demand = (changes: Record<string, unknown>) => preparedChat(changes).demand;
const HI_BYTES = JSON.stringify({ messages: HI }).length;

describe("the provider's body", () => {
  it("is the caller's, with the snapshot's name and the output that was granted", () => {
    expect(writtenChat()).toEqual({ model: "o4-mini-2025-04-16", messages: HI, max_completion_tokens: 500 });
  });

  it("keeps every field that Weir knows, as it was sent", () => {
    const kept = {
      messages: [
        { role: "developer", content: "Be brief.", name: "house" },
        {
          role: "user",
          content: [
            { type: "text", text: "Hi" },
            { ...IMAGE, image_url: { ...IMAGE.image_url, detail: "low" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "call_1", type: "function", function: { name: "a", arguments: "{}" } }],
        },
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
    };
    expect(writtenChat(kept)).toMatchObject(kept);
  });

  it("holds the granted output, in place of either wish of the caller", () => {
    expect(writtenChat({ max_completion_tokens: 9000 }).max_completion_tokens).toBe(500);
    const written = writtenChat({ max_tokens: 9000 });
    expect(written.max_completion_tokens).toBe(500);
    expect(written).not.toHaveProperty("max_tokens");
  });

  it("asks for usage whenever it streams, and keeps the caller's other wishes", () => {
    expect(writtenChat({ stream: true }).stream_options).toEqual({ include_usage: true });
    const stream_options = { include_usage: false, include_obfuscation: false };
    expect(writtenChat({ stream: true, stream_options }).stream_options).toEqual({
      include_usage: true,
      include_obfuscation: false,
    });
    expect(writtenChat({ stream: false })).not.toHaveProperty("stream_options");
  });
});

describe("a parameter that the card refuses", () => {
  it.each([
    ["temperature", 1],
    ["top_p", 1],
    ["presence_penalty", 0],
    ["frequency_penalty", 0],
    ["logprobs", false],
    ["parallel_tool_calls", true],
    ["temperature", null],
    ["stop", null],
    ["stop", []],
    ["logit_bias", {}],
  ])("is left out where it changes nothing: %s %s", (name, value) => {
    expect(writtenChat({ [name]: value })).not.toHaveProperty(name);
  });

  it.each([
    ["temperature", 0.7],
    ["top_p", 0.5],
    ["stop", "\n"],
    ["presence_penalty", 1],
    ["logit_bias", { 50256: -100 }],
    ["logprobs", true],
    ["top_logprobs", 3],
    ["parallel_tool_calls", false],
  ])("is refused by its name where it does: %s %j", async (name, value) => {
    const error = await refuseWriting({ [name]: value });
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: name } });
    expect(error.body.message).toMatch(
      new RegExp(`^The model 'o4-mini' does not support '${name}' on Chat Completions\\. .*Leave it out\\.$`),
    );
  });

  it("is sent to a model whose card does not refuse it", () => {
    expect(writtenChat({ parallel_tool_calls: false }, bundledModel("gpt-5-mini"))).toMatchObject({
      parallel_tool_calls: false,
    });
  });
});

describe("a request that could cost more than its bound, or reach what is not the caller's", () => {
  it.each([
    ["audio", { audio: { voice: "alloy", format: "mp3" } }, "audio"],
    ["a web search", { web_search_options: {} }, "web_search_options"],
    ["a field that nobody knows", { previous_response_id: "resp_1" }, "previous_response_id"],
  ])("is refused as an unknown field: %s", async (_what, changes, param) => {
    expect(await refuseBody(changes)).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param } });
  });

  it.each([
    ["a stored answer", { store: true }, "store"],
    ["a dearer tier", { service_tier: "priority" }, "service_tier"],
    ["a cheaper tier that may take hours", { service_tier: "flex" }, "service_tier"],
    ["output that nobody knows", { modalities: ["text", "smell"] }, "modalities.1"],
    ["a format without a type", { response_format: { json_schema: {} } }, "response_format.type"],
    ["a format that is a word", { response_format: "json" }, "response_format"],
    ["functions that are no list", { functions: { name: "look" } }, "functions"],
    ["a tool that the provider runs", { tools: [{ type: "web_search" }] }, "tools.0.type"],
    ["a tool that the provider runs, among others", { tools: [{ type: "function" }, { type: "mcp" }] }, "tools.1.type"],
    ["too many answers", { n: 129 }, "n"],
    ["no answers", { n: 0 }, "n"],
    ["no output", { max_tokens: 0 }, "max_tokens"],
    ["half a token", { max_completion_tokens: 1.5 }, "max_completion_tokens"],
    ["no messages", { messages: [] }, "messages"],
  ])("is refused by its name: %s", async (_what, changes, param) => {
    expect(await refuseBody(changes)).toMatchObject({ status: 400, body: { code: "invalid_request", param } });
  });

  it.each([
    ["sound", { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }],
    ["a file by its id", { type: "file", file: { file_id: "file-1" } }],
    ["a file as data", { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } }],
    ["an image without a URL", { type: "image_url", image_url: { file_id: "file-1" } }],
  ])("is refused in a message, too: %s", async (_what, part) => {
    const error = await refuseBody({ messages: [{ role: "user", content: [{ type: "text", text: "Hi" }, part] }] });
    expect(error).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect(error.body.param).toMatch(/^messages\.0\.content/);
  });

  it("is refused when a message stands for sound that the provider stored", async () => {
    const messages = [...HI, { role: "assistant", audio: { id: "audio_abc123" } }, ...HI];
    const error = await refuseBody({ messages });
    expect(error.status).toBe(400);
  });
});

describe("what a card does not support", () => {
  it.each(["minimal", "xhigh", "LOW", "constructor"])(
    "is refused as an effort that the model does not know: %s",
    async (reasoning_effort) => {
      const error = await refuseWriting({ reasoning_effort });
      expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "reasoning_effort" } });
      expect(error.body.message).toMatch(
        new RegExp(`^The model 'o4-mini' does not support the effort '${reasoning_effort}'\\. `),
      );
      expect(error.body.message).toMatch(/ The efforts of 'o4-mini': low, medium, high\.$/);
    },
  );

  it("is refused as an effort of a model that does not reason", async () => {
    const chat = cardDocument({ "swift-1": {} }, { features: ["streaming"] });
    const catalog = complete(catalogDocument({ cards: { swift: chat } }));
    const error = await refusalOf(() => gatedChat({ reasoning_effort: "low" }, { catalog, asked: "swift-1" }));
    expect(error.body.message).toBe(
      "The model 'swift-1' does not support the effort 'low'. No model here does. It does not reason: leave it out.",
    );
  });

  it("is refused as an image for a model that reads text only", async () => {
    const messages = [{ role: "user", content: [IMAGE] }];
    const error = await refuseWriting({ messages }, "o3-mini");
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "messages" } });
    expect(error.body.message).toMatch(/^The model 'o3-mini' does not support Image input\. Models that do: .*o4-mini/);
    expect(writtenChat({ messages })).toMatchObject({ messages });
  });
});

describe("the demand", () => {
  it("is one answer of any length, unless more is asked for", () => {
    expect(demand({})).toEqual({ inputBytes: HI_BYTES, images: 0, choices: 1, maxOutputTokens: undefined });
    expect(demand({ n: 3, max_completion_tokens: 50 })).toMatchObject({ choices: 3, maxOutputTokens: 50 });
  });

  it("takes the newer of the two wishes for output, and nulls for none", () => {
    expect(demand({ max_tokens: 70 }).maxOutputTokens).toBe(70);
    expect(demand({ max_tokens: 70, max_completion_tokens: 50 }).maxOutputTokens).toBe(50);
    expect(demand({ max_tokens: null, max_completion_tokens: null, n: null })).toMatchObject({
      choices: 1,
      maxOutputTokens: undefined,
    });
  });

  it("counts the images of all messages, and takes off the bytes of their data URLs", () => {
    const messages = [
      {
        role: "user",
        content: [
          IMAGE,
          { type: "text", text: "and" },
          { type: "image_url", image_url: { url: "https://a.test/a.png" } },
        ],
      },
      { role: "assistant", content: "Nice." },
      { role: "user", content: [IMAGE] },
    ];
    const bytes = JSON.stringify({ messages }).length;
    expect(demand({ messages })).toMatchObject({ images: 3, inputBytes: bytes - 2 * IMAGE.image_url.url.length });
  });

  it("has the bytes of what is shown to the model, and not of what only steers the request", () => {
    const steering = { stream: true, n: 2, reasoning_effort: "low", service_tier: "default", store: false };
    expect(demand(steering).inputBytes).toBe(HI_BYTES);
    const tools = [{ type: "function", function: { name: "look", description: "堰" } }];
    expect(demand({ tools }).inputBytes).toBe(
      HI_BYTES + new TextEncoder().encode(JSON.stringify({ tools })).length - 1,
    );
  });

  it("does not count a parameter that is left out", () => {
    expect(demand({ temperature: 1, logit_bias: {} }).inputBytes).toBe(HI_BYTES);
  });
});
