// uses: responses
// Stored answers, background, conversations, prompts and hosted tools: only where the catalog allows them.

import { describe, expect, it } from "vitest";
import { hostedTools } from "../../../../src/features/stored-responses/switches.ts";
import { ResponsesRequestSchema } from "../../../../src/dialects/responses/request.ts";
import { validate } from "../../../../src/core/json-body.ts";
import { bundledModel, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { catalogAllowing, EVERYTHING, gatedBody } from "../../../dialects/support/responses-requests.ts";
import { preparedResponses, writtenResponses } from "../../responses/support/responses-exchanges.ts";

type Json = Record<string, unknown>;
type Switches = NonNullable<Parameters<typeof catalogAllowing>[0]>;

const MODEL = bundledModel("o4-mini");
const asking = (changes: Json, switches: Switches = EVERYTHING) =>
  preparedResponses(changes, MODEL, catalogAllowing(switches));
const written = (changes: Json, switches: Switches = EVERYTHING) =>
  writtenResponses(changes, MODEL, catalogAllowing(switches));
const FREE_TOOL = { usd_per_call: 0, input_tokens_per_call: 0, fields: {} };
const search = { type: "web_search" };
const python = { type: "code_interpreter" };

describe("what the catalog does not allow", () => {
  const background = { background: true, store: true };

  it.each<[string, Json, Switches, string]>([
    ["store", { store: true }, { store: false }, "store"],
    ["previous_response_id", { previous_response_id: "resp_1" }, { store: false }, "store"],
    ["background", background, { background: false }, "background"],
    ["conversation", { conversation: "conv_1" }, { conversations: false }, "conversations"],
    ["conversation", { conversation: { id: "conv_1" } }, { conversations: false }, "conversations"],
    ["prompt", { prompt: { id: "pmpt_2" } }, {}, "prompts"],
    ["prompt", { prompt: { id: "constructor" } }, {}, "prompts"],
    ["tools.1.type", { tools: [{ type: "function", name: "look" }, { type: "mcp" }] }, {}, "hosted_tools"],
    ["tools.0.type", { tools: [{ type: "file_search" }] }, {}, "hosted_tools"],
    ["tools.0.type", { tools: [{ type: "constructor" }] }, {}, "hosted_tools"],
  ])("is refused, naming the switch: %s of %j", async (param, changes, switches, name) => {
    const error = await refusalOf(() => asking(changes, { ...EVERYTHING, ...switches }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param } });
    expect(error.body.message).toBe(
      `'${param}' is not allowed here. Operators allow it in the catalog: responses.${name}.`,
    );
  });

  it("is everything by default", () => {
    expect(complete(catalogDocument()).responses).toEqual({
      store: false,
      background: false,
      conversations: false,
      prompts: {},
      hosted_tools: {},
      max_tool_calls: 8,
    });
  });

  it("is refused for a background that could not be stored", async () => {
    const error = await refusalOf(() => asking({ background: true }, { ...EVERYTHING, store: false }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "background" } });
    expect(error.body.message).toContain('`"store": true`');
  });

  it.each<Json>([
    {},
    { store: false, background: false, previous_response_id: null, prompt: null, conversation: null, tools: null },
    { tools: [] },
    {
      tools: [
        { type: "function", name: "look" },
        { type: "custom", name: "say" },
      ],
    },
  ])("is not asked for by %j", (changes) => {
    expect(() => preparedResponses(changes)).not.toThrow();
  });
});

describe("what the catalog allows", () => {
  it("is sent as it is", () => {
    const prompt = { id: "pmpt_1", version: "2", variables: { name: "Aare" } };
    expect(written({ store: true, previous_response_id: "resp_1", prompt })).toMatchObject({
      store: true,
      previous_response_id: "resp_1",
      prompt,
    });
    expect(written({ background: true, store: true })).toMatchObject({ background: true, store: true });
    expect(written({ conversation: { id: "conv_1" } })).toMatchObject({ store: false, conversation: { id: "conv_1" } });
  });

  it.each<Json>([
    { background: true },
    { background: true, store: false },
    { background: true, store: true, stream: true },
  ])("has no background without a store, nor with a stream: %j", async (changes) => {
    const error = await refusalOf(() => asking(changes));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "background" } });
  });

  it("has the tokens of a prompt in the demand, and what it goes on from is only counted", () => {
    const nothing = "{}".length;
    const { demand } = asking({ prompt: { id: "pmpt_1" } });
    expect(demand).toMatchObject({ promptTokens: 500 + nothing, uncounted: false });
    expect(asking({ previous_response_id: "resp_1" }).demand).toMatchObject({ uncounted: true });
    expect(asking({ conversation: "conv_1" }).demand).toMatchObject({ uncounted: true });
    expect(asking({}).demand).toMatchObject({ uncounted: false, promptTokens: undefined, hosted: undefined });
  });
});

const read = (variables: unknown) =>
  validate(ResponsesRequestSchema, { model: "o4-mini", input: "Hi", prompt: { id: "pmpt_1", variables } });

const promptTokensWith = (variables: Json) => asking({ prompt: { id: "pmpt_1", variables } }).demand.promptTokens;

describe("a prompt's variables", () => {
  it("may be texts, which count as part of the prompt, since nobody counts them exactly", () => {
    expect(read({ name: "Aare" }).prompt?.variables).toEqual({ name: "Aare" });
    expect(promptTokensWith({})).toBe(500 + "{}".length);
    expect(promptTokensWith({ name: "堰".repeat(100) })).toBe(500 + '{"name":""}'.length + 300);
  });

  it.each([
    { type: "input_image", image_url: "https://a.test/a.png" },
    { type: "input_file", file_id: "file_1" },
    7,
    null,
  ])("may be nothing else, since that has no bound: %j", async (value) => {
    const error = await refusalOf(() => read({ name: value }));
    expect(error).toMatchObject({ status: 400, body: { code: "invalid_request", param: "prompt.variables.name" } });
    expect(error.body.message).toContain("must be a text");
  });
});

const need = (tool: string) => ({ kind: "tool", tool, param: "tools" });

describe("tools that the provider runs", () => {
  const look = { type: "function", name: "look", search_context_size: "the caller's own" };

  it("are sent with the fields that the catalog gives them, and the caller's own tools as they are", () => {
    expect(written({ tools: [search, look, python] }).tools).toEqual([
      { type: "web_search", search_context_size: "low" },
      look,
      { type: "code_interpreter", container: { type: "auto" } },
    ]);
  });

  it.each<[string, Json]>([
    ["search_context_size", { ...search, search_context_size: "high" }],
    ["container", { ...python, container: "cntr_1" }],
    ["vector_store_ids", { ...search, vector_store_ids: ["vs_1"] }],
    ["server_url", { ...search, server_url: null }],
  ])("are asked for by their type alone, so that no caller names what is others': %s", async (name, tool) => {
    const error = await refusalOf(() => asking({ tools: [look, tool] }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: `tools.1.${name}` } });
    expect(error.body.message).toContain("responses.hosted_tools");
  });

  it("are needed of the model's card, previews as what they are a preview of", async () => {
    const hosted_tools = { ...EVERYTHING.hosted_tools, web_search_preview: FREE_TOOL, mcp: FREE_TOOL };
    const switches = { ...EVERYTHING, hosted_tools };
    expect(asking({ tools: [search, look, { type: "web_search_preview" }, { type: "mcp" }] }, switches).needs).toEqual(
      expect.arrayContaining([need("web_search"), need("mcp")]),
    );
    expect(asking({ tools: [look] }).needs.filter(({ kind }) => kind === "tool")).toEqual([]);
    const card = { ...MODEL.card, tools: ["web_search" as const] };
    const asked = (tool: Json) => gatedBody({ tools: [tool] }, { ...MODEL, card }, catalogAllowing(switches));
    expect(asked({ type: "web_search_preview" }).tools).toHaveLength(1);
    const error = await refusalOf(() => asked(python));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "tools" } });
    expect(error.body.message).toContain("does not support Code interpreter");
  });

  it("cost as many calls as are allowed, each at the dearest price and size of those asked for", () => {
    expect(asking({ tools: [search] }).demand.hosted).toEqual({
      calls: 8,
      inputTokensPerCall: 8000,
      nanoUsdPerCall: 10_000_000,
    });
    expect(asking({ tools: [python, search, { type: "function", name: "look" }] }).demand.hosted).toEqual({
      calls: 8,
      inputTokensPerCall: 8000,
      nanoUsdPerCall: 30_000_000,
    });
  });

  it("are called no more often than the catalog allows, and less where the caller asks for less", () => {
    expect(written({ tools: [search] }).max_tool_calls).toBe(8);
    expect(written({ tools: [search], max_tool_calls: 90 }).max_tool_calls).toBe(8);
    expect(written({ tools: [search], max_tool_calls: 3 }).max_tool_calls).toBe(3);
    expect(asking({ tools: [search], max_tool_calls: 3 }).demand.hosted?.calls).toBe(3);
    expect(written({ tools: [search] }, { ...EVERYTHING, max_tool_calls: 2 }).max_tool_calls).toBe(2);
  });

  it("cost nothing where none is asked for, and then no limit is added", () => {
    const own = { tools: [{ type: "function", name: "look" }] };
    expect(asking(own).demand.hosted).toBeUndefined();
    expect(written(own)).not.toHaveProperty("max_tool_calls");
  });

  it("never cost less than the catalog says, to the nano-dollar", () => {
    const price = { usd_per_call: 0.000_000_000_5, input_tokens_per_call: 0, fields: {} };
    const switches = { ...catalogAllowing().responses, hosted_tools: { search: price } };
    expect(hostedTools({ tools: [{ type: "search" }], max_tool_calls: null }, switches)).toMatchObject({
      nanoUsdPerCall: 1,
    });
  });
});
