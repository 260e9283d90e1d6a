// The Responses body for the provider, and its demand.

import { describe, expect, it } from "vitest";
import { chooseModel } from "../../../../src/core/catalog/choose.ts";
import type { Fixed, Model } from "../../../../src/core/catalog/resolve.ts";
import { validate } from "../../../../src/core/http/json-body.ts";
import { ResponsesRequestSchema } from "../../../../src/dialects/responses/request.ts";
import { bundledModel, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import type { Json } from "../../support/responses-events.ts";
import { gatedBody, preparedBody, responsesRequest, writtenBody } from "../../support/responses-requests.ts";

const O4 = bundledModel("o4-mini");
const fixing = (fixed: Partial<Fixed>): Model => ({ ...O4, requestedName: "fast", fixed });
const plainCatalog = complete(
  catalogDocument({ cards: { swift: cardDocument({ "swift-1": {} }, { endpoints: ["responses"] }) } }),
);
/** A model that does not reason. */
const PLAIN = chooseModel(plainCatalog, "default", 0).model;
const FAST = fixing({ effort: "low" });
const images = (...urls: string[]) => urls.map((image_url) => ({ type: "input_image", image_url }));
const bytesOf = (changes: Json) => preparedBody(changes).demand.inputBytes;

describe("a request to Responses", () => {
  it.each([{ model: undefined }, { model: null }])("without a model is for the alias `default`: %j", (changes) => {
    expect(responsesRequest(changes).model).toBe("default");
  });

  it("says what the provider caches, but compares with no other answer", () => {
    const caching = { prompt_cache_retention: "24h", prompt_cache_options: { mode: "implicit", ttl: "30m" } };
    expect(writtenBody(caching)).toMatchObject(caching);
    expect(bytesOf(caching)).toBe(bytesOf({}));
    for (const more of [{ comparison_response_id: "resp_1" }, { prewarm: true }]) {
      expect(() => responsesRequest({ prompt_cache_options: more })).toThrow();
    }
  });

  it("is sent unchanged, not stored, with the snapshot's name and the granted output", () => {
    expect(writtenBody({ stream: true, include: ["message.output_text.logprobs"], user: "u-1" })).toEqual({
      model: "o4-mini-2025-04-16",
      input: "Hi",
      stream: true,
      store: false,
      user: "u-1",
      include: ["message.output_text.logprobs"],
      max_output_tokens: 500,
    });
  });

  it("keeps every item of earlier answers", () => {
    const input = [
      { type: "message", role: "user", content: [{ type: "input_text", text: "What?" }] },
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" },
      { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" },
      { type: "function_call_output", call_id: "call_1", output: "a weir" },
      { type: "custom_tool_call", call_id: "call_2", name: "say", input: "hello" },
      { type: "custom_tool_call_output", call_id: "call_2", output: [{ type: "input_text", text: "said" }] },
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "weir" } },
      { type: "file_search_call", id: "fs_1", status: "completed", queries: ["weir"], results: [{ text: "A dam." }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "A weir.", annotations: [] }] },
    ];
    expect(writtenBody({ input }).input).toEqual(input);
  });

  it.each<Json>([
    { type: "code_interpreter_call", id: "ci_1", container_id: "cntr_1", code: "1 + 1", outputs: [] },
    { type: "image_generation_call", id: "ig_1", status: "completed", result: null },
  ])("refuses an item that refers to an object at the provider: $type", (item) => {
    expect(() => responsesRequest({ input: [item] })).toThrow("is not supported here");
  });

  it.each<[string, Json]>([
    ["file_url' is not supported here: upload the file", { type: "input_file", file_url: "https://a.test/a.pdf" }],
    ["file_data' is not supported here: upload the file", { type: "input_file", file_data: "data:,a", file_id: "f" }],
    ["file_id' is required", { type: "input_file" }],
    ["file_id' must be a text", { type: "input_file", file_id: ["file-1"] }],
    ["file_id' must be a text", { type: "input_image", file_id: 1, image_url: "https://a.test/a.png" }],
    ["image_url' must be left out", { type: "input_image", file_id: "file-1", image_url: "https://a.test/a.png" }],
    ["image_url' is required", { type: "input_image", file_id: null }],
    ["type' must be one of", { type: "input_audio" }],
  ])("refuses a part whose %s", async (words, part) => {
    const refusal = await refusalOf(() =>
      validate(ResponsesRequestSchema, { input: [{ type: "function_call_output", call_id: "c", output: [part] }] }),
    );
    expect(refusal.message).toContain(`'input.0.output.0.${words}`);
  });

  it("drops reasoning without content, because its id may be another user's", () => {
    const question = { type: "message", role: "user", content: "What?" };
    const sealed = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" };
    const named = [undefined, null, ""].map((encrypted_content) => ({
      type: "reasoning",
      id: "rs_2",
      encrypted_content,
    }));
    expect(writtenBody({ input: [sealed, ...named, question] }).input).toEqual([sealed, question]);
    expect(bytesOf({ input: [...named, question] })).toBe(bytesOf({ input: [question] }));
  });

  it("has the alias's instructions before its own", () => {
    const model = fixing({ instructions: "Be brief." });
    expect(writtenBody({ instructions: "Be long." }, model).instructions).toBe("Be brief.\n\nBe long.");
    expect(writtenBody({}, model).instructions).toBe("Be brief.");
    expect(writtenBody({ instructions: "Be long." }).instructions).toBe("Be long.");
  });

  it.each<[Json, number | undefined, number | undefined]>([
    [{}, undefined, undefined],
    [{}, 100, 100],
    [{ max_output_tokens: null }, 100, 100],
    [{ max_output_tokens: 30 }, 100, 30],
    [{ max_output_tokens: 9000 }, 100, 100],
    [{ max_output_tokens: 9000 }, undefined, 9000],
  ])("%j with the alias's limit %s is limited to %s", (changes, max_output_tokens, expected) => {
    expect(preparedBody(changes, fixing({ max_output_tokens })).demand.maxOutputTokens).toBe(expected);
  });
});

describe("the reasoning", () => {
  it.each<[Json | undefined, Model, Json | undefined]>([
    [{ effort: "high" }, O4, { effort: "high" }],
    [undefined, FAST, { effort: "low" }],
    [{ effort: "low" }, FAST, { effort: "low" }],
    [{ effort: null }, FAST, { effort: "low" }],
    [{ summary: "auto" }, FAST, { summary: "auto", effort: "low" }],
    [{ summary: "auto" }, O4, { summary: "auto" }],
    [{ summary: "auto" }, PLAIN, undefined],
  ])("%j has the caller's effort or the alias's, and none for a model without reasoning", (reasoning, model, sent) => {
    expect(writtenBody({ reasoning }, model).reasoning).toEqual(sent);
  });

  it("with an effort that contradicts the alias is refused by the caller's name for it", async () => {
    const error = await refusalOf(() => preparedBody({ reasoning: { effort: "high" } }, FAST));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "reasoning.effort" } });
    expect(error.body.message).toContain("Leave 'reasoning.effort' out.");
  });

  it("with an effort that the model does not support is refused", async () => {
    const unknown = await refusalOf(() => gatedBody({ reasoning: { effort: "huge" } }));
    expect(unknown).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "reasoning.effort" } });
    const none = await refusalOf(() => gatedBody({ reasoning: { effort: "low" } }, PLAIN, plainCatalog));
    expect(none.body.code).toBe("unsupported_value");
  });
});

describe("a parameter that the model does not support", () => {
  it.each<Json>([{ temperature: 1 }, { top_p: 1 }, { top_logprobs: 0 }, { temperature: null }])(
    "is dropped when it has its default value: %j",
    (changes) => {
      expect(gatedBody(changes)).toEqual(gatedBody());
    },
  );

  it.each([
    ["temperature", 0.2],
    ["top_p", 0.5],
    ["top_logprobs", 3],
  ])("is refused for any other value: %s %d", async (name, value) => {
    const error = await refusalOf(() => gatedBody({ [name]: value }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: name } });
    expect(error.body.message).toContain(`'${name}' on Responses`);
  });

  it.each<[Json, string]>([
    [{ stream: true }, "stream"],
    [{ tools: [{ type: "function", name: "look" }] }, "tools"],
    [{ tools: [{ type: "custom", name: "say" }] }, "tools"],
    [{ text: { format: { type: "json_schema", name: "a", schema: {} } } }, "text"],
    [{ input: [{ role: "user", content: [{ type: "input_image", image_url: "https://a.test/" }] }] }, "input"],
  ])("can need a feature or modality: %j", async (changes, param) => {
    const error = await refusalOf(() => gatedBody(changes, PLAIN, plainCatalog));
    expect(error).toMatchObject({ status: 400, body: { param } });
    expect(() => gatedBody(changes)).not.toThrow();
  });
});

describe("the demand", () => {
  it.each<Json>([
    { stream: true },
    { stream_options: { include_obfuscation: false } },
    { store: false },
    { include: ["message.output_text.logprobs"] },
    { reasoning: { effort: "high", summary: "detailed" } },
    { max_tool_calls: 5 },
    { service_tier: "default" },
    { truncation: "auto" },
    { metadata: { order: "a long story".repeat(20) } },
    { user: "somebody" },
    { safety_identifier: "somebody" },
    { prompt_cache_key: "some-key" },
    { prompt_cache_retention: "24h" },
  ])("does not grow with fields that are no input of the model: %j", (changes) => {
    expect(bytesOf(changes)).toBe(bytesOf({}));
    expect(writtenBody(changes)).toMatchObject(changes);
  });

  it.each<Json>([
    { instructions: "Be brief." },
    { tools: [{ type: "function", name: "look" }] },
    { text: { format: { type: "json_schema", name: "answer", schema: {} } } },
    { tool_choice: { type: "function", name: "look" } },
  ])("grows with input of the model: %j", (changes) => {
    const more = JSON.stringify(changes).length - 1;
    expect(bytesOf(changes) - bytesOf({})).toBe(more);
  });

  it("counts all images, also in tool outputs, without the bytes of their data URLs", () => {
    const data = `data:image/png;base64,${"A".repeat(9000)}`;
    const web = "https://a.test/a.png";
    const input = [
      { role: "user", content: [...images(data, web), { type: "input_text", text: data }] },
      { type: "function_call_output", call_id: "call_1", output: images(data) },
      { type: "custom_tool_call_output", call_id: "call_2", output: images(data) },
    ];
    const { demand } = preparedBody({ input });
    const bytes = JSON.stringify({ input: writtenBody({ input }).input }).length;
    expect(demand).toMatchObject({ images: 4, choices: 1, inputBytes: bytes - 3 * data.length });
  });
});
