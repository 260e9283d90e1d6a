// The provider's body for a Responses request, and its demand.

import { describe, expect, it } from "vitest";
import { chooseModel } from "../../../../src/core/catalog/choose.ts";
import type { Fixed, Model } from "../../../../src/core/catalog/resolve.ts";
import { responsesBody } from "../../../../src/dialects/responses/body.ts";
import type { ResponsesRequest } from "../../../../src/dialects/responses/request.ts";
import { bundledModel, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import {
  catalogAllowing,
  EVERYTHING,
  gatedBody,
  preparedBody,
  responsesRequest,
  writtenBody,
} from "../../support/responses-requests.ts";

type Json = Record<string, unknown>;

const O4 = bundledModel("o4-mini");
const fixing = (fixed: Partial<Fixed>): Model => ({ ...O4, requestedName: "fast", fixed });
const plainCatalog = complete(
  catalogDocument({ cards: { swift: cardDocument({ "swift-1": {} }, { endpoints: ["responses"] }) } }),
);
/** A model that does not reason. */
const PLAIN = chooseModel(plainCatalog, "default", 0).model;
const images = (...urls: string[]) => urls.map((image_url) => ({ type: "input_image", image_url }));
const bytesOf = (changes: Json) => preparedBody(changes).demand.inputBytes;
const effortOf = (changes: Json, model: Model) => (writtenBody(changes, model) as ResponsesRequest).reasoning?.effort;

describe("a request to Responses", () => {
  it("is sent as it is, to the snapshot, not stored, with the output that was granted", () => {
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

  it("has every item that earlier answers held, as it was", () => {
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
  ])("has no item that names what a provider keeps: $type", (item) => {
    expect(() => responsesRequest({ input: [item] })).toThrow("is not supported here");
  });

  it("has no thoughts that are only named, since they could be another user's", () => {
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

  it("has the instructions of the alias before its own", () => {
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
  ])("of %j may say what the alias, %s, and the caller allow: %s", (changes, max_output_tokens, expected) => {
    expect(preparedBody(changes, fixing({ max_output_tokens })).demand.maxOutputTokens).toBe(expected);
  });
});

describe("the effort", () => {
  it("is the caller's, or the one that the alias fixes, beside the summary", () => {
    const fast = fixing({ effort: "low" });
    expect(effortOf({ reasoning: { effort: "high" } }, O4)).toBe("high");
    expect(effortOf({}, fast)).toBe("low");
    expect(effortOf({ reasoning: { effort: "low" } }, fast)).toBe("low");
    expect(effortOf({ reasoning: { effort: null } }, fast)).toBe("low");
    expect(writtenBody({ reasoning: { summary: "auto" } }, fast).reasoning).toEqual({
      summary: "auto",
      effort: "low",
    });
    expect(writtenBody({ reasoning: { summary: "auto" } }).reasoning).toEqual({ summary: "auto" });
  });

  it("that contradicts the alias is refused, by the name that the caller has for it", async () => {
    const model = fixing({ effort: "low" });
    const passed = await refusalOf(() => preparedBody({ reasoning: { effort: "high" } }, model));
    expect(passed).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "reasoning.effort" } });
    expect(passed.body.message).toContain("Leave 'reasoning.effort' out.");
  });

  it("that the model does not know is refused, and a summary of no thoughts is left out", async () => {
    const unknown = await refusalOf(() => gatedBody({ reasoning: { effort: "huge" } }));
    expect(unknown).toMatchObject({ status: 400, body: { code: "unsupported_value" } });
    const none = await refusalOf(() => gatedBody({ reasoning: { effort: "low" } }, PLAIN, plainCatalog));
    expect(none.body.code).toBe("unsupported_value");
    expect(gatedBody({ reasoning: { summary: "auto" } }, PLAIN, plainCatalog)).not.toHaveProperty("reasoning");
  });
});

describe("a parameter that the model refuses", () => {
  it.each<Json>([{ temperature: 1 }, { top_p: 1 }, { top_logprobs: 0 }, { temperature: null }])(
    "is dropped where it says nothing: %j",
    (changes) => {
      expect(gatedBody(changes)).toEqual(gatedBody());
    },
  );

  it.each([
    ["temperature", 0.2],
    ["top_p", 0.5],
    ["top_logprobs", 3],
  ])("is refused where it says something: %s %d", async (name, value) => {
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
  ])("may be a whole feature: %j", async (changes, param) => {
    const error = await refusalOf(() => gatedBody(changes, PLAIN, plainCatalog));
    expect(error).toMatchObject({ status: 400, body: { param } });
    expect(() => gatedBody(changes)).not.toThrow();
  });
});

describe("the demand of a request to Responses", () => {
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
  ])("does not grow with what the model is not shown: %j", (changes) => {
    expect(bytesOf(changes)).toBe(bytesOf({}));
    expect(writtenBody(changes)).toMatchObject(changes);
  });

  it.each<Json>([
    { instructions: "Be brief." },
    { tools: [{ type: "function", name: "look" }] },
    { text: { format: { type: "json_schema", name: "answer", schema: {} } } },
    { tool_choice: { type: "function", name: "look" } },
  ])("grows with what it is shown: %j", (changes) => {
    const more = JSON.stringify(changes).length - 1;
    expect(bytesOf(changes) - bytesOf({})).toBe(more);
  });

  it.each<[Json, boolean]>([
    [{}, false],
    [{ previous_response_id: "resp_1" }, true],
    [{ conversation: "conv_1" }, true],
    [{ conversation: { id: "conv_1" }, previous_response_id: null }, true],
    [{ conversation: "conv_1", previous_response_id: "" }, true],
  ])("is only known to who keeps what it goes on from: %j", (goesOnFrom, uncounted) => {
    const requestedName = { ...responsesRequest(), ...goesOnFrom };
    expect(responsesBody(requestedName, O4, catalogAllowing(EVERYTHING).responses).demand.uncounted).toBe(uncounted);
  });

  it("counts all images, in tools' outputs too, and takes off the bytes of their data URLs", () => {
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
