// Stored answers, background, conversations, prompts and hosted tools: refused, sent and bounded by the catalog.

import { describe, expect, it } from "vitest";
import { requireSupport } from "../../../../src/core/catalog/support.ts";
import { validate } from "../../../../src/core/http/json-body.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import type { ResponsesSwitches } from "../../../../src/features/stored-responses/catalog.ts";
import { switchesOf } from "../../../../src/features/stored-responses/catalog.ts";
import { StoringRequestSchema } from "../../../../src/features/stored-responses/request.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { sentJson } from "../../../dialects/support/responses-requests.ts";
import { bundledCatalog, bundledModel, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { EVERYTHING, preparedStoring } from "../support/storing-requests.ts";

const MODEL = bundledModel("o4-mini");
const written = (...how: Parameters<typeof preparedStoring>) => sentJson(preparedStoring(...how));
const demandOf = (...how: Parameters<typeof preparedStoring>) => preparedStoring(...how).demand;
const OFF = switchesOf(complete(catalogDocument()));
const search = { type: "web_search" };
const python = { type: "code_interpreter" };
const look = { type: "function", name: "look", search_context_size: "the caller's own" };
const withPrompt = (variables?: unknown) => ({ prompt: { id: "pmpt_1", ...(variables ? { variables } : {}) } });

describe("a field without its switch", () => {
  it.each<[string, Json, Partial<ResponsesSwitches>, string]>([
    ["store", { store: true }, { store: false }, "store"],
    ["previous_response_id", { previous_response_id: "resp_1" }, { store: false }, "store"],
    ["background", { background: true, store: true }, { background: false }, "background"],
    ["conversation", { conversation: "conv_1" }, { conversations: false }, "conversations"],
    ["conversation", { conversation: { id: "conv_1" } }, { conversations: false }, "conversations"],
    ["prompt", { prompt: { id: "pmpt_2" } }, {}, "prompts"],
    ["prompt", { prompt: { id: "constructor" } }, {}, "prompts"],
    ["tools.1.type", { tools: [look, { type: "mcp" }] }, {}, "hosted_tools"],
    ["tools.0.type", { tools: [{ type: "constructor" }] }, {}, "hosted_tools"],
  ])("is refused with the switch's name: %s of %j", async (param, changes, switches, name) => {
    const error = await refusalOf(() => preparedStoring(changes, switches));
    const message = `'${param}' is not allowed here. Operators allow it in the catalog: responses.${name}.`;
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param, message } });
  });

  it("is any of them by default", () => {
    const off = { store: false, background: false, conversations: false };
    expect(OFF).toEqual({ ...off, prompts: {}, hosted_tools: {}, max_tool_calls: 8 });
  });

  it.each<Json>([
    {},
    { store: false, background: false, previous_response_id: null, prompt: null, conversation: null, tools: null },
    { tools: [look, { type: "custom", name: "say" }] },
  ])("is not in %j", (changes) => {
    expect(() => preparedStoring(changes, OFF)).not.toThrow();
  });
});

it.each<Json>([
  { background: true },
  { background: true, store: false },
  { background: true, store: true, stream: true },
])("a background answer must be stored and not streamed: %j", async (changes) => {
  const error = await refusalOf(() => preparedStoring(changes));
  expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "background" } });
  expect(error.body.message).toContain('"store": true');
});

it.each<[Json, Json]>([
  [
    { store: true, previous_response_id: "resp_1", prompt: { id: "pmpt_1", version: "2", variables: { name: "A" } } },
    {},
  ],
  [{ background: true, store: true }, {}],
  [{ conversation: { id: "conv_1" } }, { store: false }],
])("an allowed request is sent unchanged: %j", (changes, more) => {
  expect(written(changes)).toMatchObject({ ...changes, ...more });
});

it.each<[Json, boolean]>([
  [{}, false],
  [withPrompt(), false],
  [{ previous_response_id: "resp_1" }, true],
  [{ conversation: "conv_1" }, true],
  [{ conversation: { id: "conv_1" }, previous_response_id: null }, true],
])("stored input needs an exact count: %j %s", (changes, needsCount) => {
  expect(demandOf(changes).needsCount).toBe(needsCount);
});

it("a conversation is exclusive", () => {
  const exclusive = { key: "conv_1", busyMessage: expect.stringContaining("in this conversation") as string };
  expect(demandOf({ conversation: { id: "conv_1" } }).exclusive).toEqual(exclusive);
  expect(demandOf({ previous_response_id: "resp_1" }).exclusive).toBeUndefined();
});

const readVariables = (variables: unknown) =>
  validate(StoringRequestSchema, { model: "o4-mini", input: "Hi", ...withPrompt(variables) }).prompt?.variables;

describe("a stored prompt", () => {
  it("adds its size in the catalog and the bytes of its variables", () => {
    expect(demandOf(withPrompt()).addedTokens).toBe(500 + "{}".length);
    expect(demandOf(withPrompt({ name: "堰".repeat(100) })).addedTokens).toBe(500 + '{"name":""}'.length + 300);
    expect(demandOf({}).addedTokens).toBeUndefined();
  });

  it("has variables in the moderated text, with any name", () => {
    const variables = { url: "1", id: "2", type: "3", role: "4", status: "5", detail: "6" };
    expect(preparedStoring({ input: "Ho", ...withPrompt(variables) }).subject.text).toBe("Ho\n1\n2\n3\n4\n5\n6");
  });

  it.each([{ type: "input_image", image_url: "https://a.test/a.png" }, 7, null])(
    "has only text variables, because others have no bound: %j",
    async (value) => {
      const error = await refusalOf(() => readVariables({ name: value }));
      expect(error).toMatchObject({ status: 400, body: { code: "invalid_request", param: "prompt.variables.name" } });
      expect(error.body.message).toContain("must be a text");
      expect(readVariables({ name: "Aare" })).toEqual({ name: "Aare" });
    },
  );
});

describe("hosted tools", () => {
  it("are sent with the catalog's fields, and other tools unchanged", () => {
    expect(written({ tools: [search, look, python] }).tools).toEqual([
      { type: "web_search", search_context_size: "low" },
      look,
      { type: "code_interpreter", container: { type: "auto" } },
    ]);
  });

  it.each<[string, Json]>([
    ["search_context_size", { ...search, search_context_size: "high" }],
    ["container", { ...python, container: "cntr_1" }],
    ["server_url", { ...search, server_url: null }],
  ])("have no fields of the caller, because they may refer to other users' data: %s", async (name, tool) => {
    const error = await refusalOf(() => preparedStoring({ tools: [look, tool] }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: `tools.1.${name}` } });
    expect(error.body.message).toContain("responses.hosted_tools");
  });

  it("are needs of the card, and a preview counts as its tool", async () => {
    const free = { usd_per_call: 0, input_tokens_per_call: 0, fields: {} };
    const hosted_tools = { ...EVERYTHING.hosted_tools, web_search_preview: free, mcp: free };
    const needsOf = (...tools: Json[]) => preparedStoring({ tools }, { hosted_tools }).needs;
    const needs = needsOf(look, { type: "web_search_preview" }, { type: "mcp" });
    const tools = needs.flatMap((need) => (need.kind === "tool" ? [[need.tool, need.param]] : []));
    expect(tools).toEqual([
      ["web_search", "tools"],
      ["mcp", "tools"],
    ]);
    const model = { ...MODEL, card: { ...MODEL.card, tools: ["web_search" as const] } };
    const check = (tool: Json) => requireSupport(bundledCatalog(), model, needsOf(tool), Date.parse("2026-10-01"));
    expect(() => check({ type: "web_search_preview" })).not.toThrow();
    const error = await refusalOf(() => check(python));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "tools" } });
    expect(error.body.message).toContain("does not support Code interpreter");
  });

  it("are bounded by the most calls, each at the highest price and size", () => {
    const calls = { most: 8, inputTokensPerCall: 8000, nanoUsdPerCall: 10_000_000 };
    expect(demandOf({ tools: [search] }).toolCalls).toEqual(calls);
    expect(demandOf({ tools: [python, search, look] }).toolCalls).toEqual({ ...calls, nanoUsdPerCall: 30_000_000 });
    const { demand } = preparedStoring({ tools: [search], max_tool_calls: 3 });
    const { input } = toBound(demand, bundledModel("gpt-6.1-terra").card, { max_output_tokens: 2000 }, 256);
    // Each call reads its result, the whole input and the output so far.
    expect(input).toBeGreaterThanOrEqual(4 * (2 + 3 * 8000) + 3 * 2000);
  });

  it.each([
    [{}, 8, 8],
    [{ max_tool_calls: 90 }, 8, 8],
    [{ max_tool_calls: 3 }, 8, 3],
    [{}, 2, 2],
  ])("run at most as often as caller and catalog allow: %j, %i → %i", (limit, max_tool_calls, most) => {
    const how = [{ tools: [search], ...limit }, { max_tool_calls }] as const;
    expect(written(...how).max_tool_calls).toBe(most);
    expect(demandOf(...how).toolCalls?.most).toBe(most);
  });

  it("cost nothing and have no limit when there are none", () => {
    expect(demandOf({ tools: [look] }).toolCalls).toBeUndefined();
    expect(written({ tools: [look] })).not.toHaveProperty("max_tool_calls");
  });

  it("never cost less than the catalog's price, to the nano-dollar", () => {
    const hosted_tools = { search: { usd_per_call: 0.000_000_000_5, input_tokens_per_call: 0, fields: {} } };
    expect(demandOf({ tools: [{ type: "search" }] }, { hosted_tools }).toolCalls?.nanoUsdPerCall).toBe(1);
  });
});
