// The scan of batch files: the faults of each line, and the facts of a valid file.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Catalog, Plan } from "../../../../src/core/catalog/schema.ts";
import { ApiError } from "../../../../src/core/errors.ts";
import type { Caller } from "../../../../src/core/gateway/call.ts";
import type { BatchFacts } from "../../../../src/features/files-batch/batch-scan.ts";
import { createBatchScan } from "../../../../src/features/files-batch/batch-scan.ts";
import { createDollarCatalog, toAlias } from "../../../support/catalog.ts";
import { complete } from "../../../support/catalog-documents.ts";
import { createHouseCatalog, HOUSE_MODEL } from "../../../support/house.ts";

const CATALOG = createDollarCatalog();
const model = "o4-mini-2025-04-16";
const CHAT_URL = "/v1/chat/completions";
const CHAT = { model, messages: [{ role: "user", content: "Hi" }], max_completion_tokens: 50 };
const RESPONSE = { model, input: "Hi", max_output_tokens: 50, store: false };
const LINE = { custom_id: "a", method: "POST", url: CHAT_URL, body: CHAT };

interface Situation {
  catalog?: Catalog;
  plan?: Partial<Plan>;
}

async function scan(lines: (string | object)[], { catalog = CATALOG, plan = {} }: Situation = {}): Promise<BatchFacts> {
  const { roomy } = catalog.plans;
  if (!roomy) throw new Error("there is no plan 'roomy'");
  const opened = createBatchScan({ catalog } as Caller, { ...roomy, ...plan });
  for (const [index, line] of lines.entries()) {
    await opened.add(typeof line === "string" ? line : JSON.stringify(line), index + 1);
  }
  return JSON.parse(opened.conclude() ?? "") as BatchFacts;
}

/** The message and the field of the fault. */
async function faultOf(lines: (string | object)[], situation?: Situation) {
  const error: unknown = await scan(lines, situation).catch((thrown: unknown) => thrown);
  if (!(error instanceof ApiError)) throw new Error(`no fault: ${JSON.stringify(error)}`, { cause: error });
  return [error.status, error.message, error.body.param];
}

const chat = (changes: object) => ({ ...LINE, body: { ...CHAT, ...changes } });
const response = (changes: object) => ({ ...LINE, url: "/v1/responses", body: { ...RESPONSE, ...changes } });

describe("a line", () => {
  it.each<[what: string, line: string | object, message: string, param: string | null]>([
    ["that is not JSON", "{", "it is not valid JSON. Send one JSON object per line.", null],
    ["that is empty", "", "it is not valid JSON. Send one JSON object per line.", null],
    ["that is a list", [LINE], "it is no object. Send one JSON object per line.", "file"],
    ["without an id", { ...LINE, custom_id: undefined }, "'custom_id' is required.", "custom_id"],
    ["with another method", { ...LINE, method: "GET" }, "'method' must be 'POST'.", "method"],
    ["with an unknown field", { ...LINE, priority: 1 }, "'priority' is not supported here. Leave it out.", "priority"],
    ["without a model", chat({ model: undefined }), "'body.model' is required.", "body.model"],
    [
      "with a field that stands twice",
      JSON.stringify(LINE).replace(
        '"max_completion_tokens":50',
        '"max_completion_tokens":5,"max_completion_tokens":50',
      ),
      "a field stands twice in an object. Leave one out.",
      "file",
    ],
    [
      "of an unknown model",
      chat({ model: "gpt-0" }),
      "There is no model 'gpt-0'. Use an alias or a snapshot of this server's catalog, such as 'default'.",
      "model",
    ],
    [
      "of an alias",
      chat({ model: "default" }),
      `'model' must be '${model}': the provider reads the line as it is, and knows no alias.`,
      "model",
    ],
    ["with a stream", chat({ stream: true }), "'stream' is not possible in a batch. Leave it out.", "stream"],
    [
      "without an output limit",
      chat({ max_completion_tokens: undefined }),
      "'max_completion_tokens' must be given, and be at most 2000.",
      "max_completion_tokens",
    ],
    [
      "with an output limit above that of the plan",
      chat({ max_completion_tokens: 2001 }),
      "'max_completion_tokens' must be given, and be at most 2000.",
      "max_completion_tokens",
    ],
    [
      "with the older name of the output limit",
      chat({ max_completion_tokens: undefined, max_tokens: 50 }),
      "'max_completion_tokens' must be 50.",
      "max_completion_tokens",
    ],
    [
      "with a parameter that the model refuses",
      chat({ temperature: 0.5 }),
      "The model 'o4-mini-2025-04-16' does not support 'temperature' on Chat Completions. Models that do: gpt-4.1-mini. Leave it out.",
      "temperature",
    ],
    ["with such a parameter's default", chat({ temperature: 1 }), "'temperature' must be left out.", "temperature"],
    ["whose answer the provider would store", response({ store: undefined }), "'store' must be false.", "store"],
    [
      "that goes on from a stored answer",
      response({ previous_response_id: "resp_1" }),
      "'previous_response_id' is not supported here. Leave it out.",
      "previous_response_id",
    ],
    [
      "with a file by its id",
      response({ input: [{ role: "user", content: [{ type: "input_file", file_id: "file-1" }] }] }),
      "'file_id' is not possible in a batch: the tokens of a file have no known bound. Send its text.",
      "file_id",
    ],
    [
      "with reasoning by reference",
      response({
        input: [
          { type: "reasoning", id: "rs_1", summary: [] },
          { role: "user", content: "Hi" },
        ],
      }),
      '\'input\' must be [{"content":"Hi","role":"user"}].',
      "input",
    ],
  ])("%s is a fault", async (_what, line, message, param) => {
    expect(await faultOf([line])).toEqual([expect.any(Number), `line 1: ${message}`, param]);
  });

  it.each<[what: string, second: object, message: string]>([
    ["an id that stands above", LINE, "'custom_id' must be unique, and 'a' is not."],
    [
      "another route",
      { ...response({}), custom_id: "b" },
      "'url' must be '/v1/chat/completions', as in the first line.",
    ],
    [
      "another name of the model",
      { ...chat({ model: "o4-mini" }), custom_id: "b" },
      "'model' must be 'o4-mini-2025-04-16', as in the first line.",
    ],
  ])("with %s is a fault of the second line", async (_what, second, message) => {
    expect((await faultOf([LINE, second]))[1]).toBe(`line 2: ${message}`);
  });

  it("of an unknown route is told the routes", async () => {
    const [, message] = await faultOf([{ ...LINE, url: "/v1/videos" }]);
    expect(message).toMatch(/^line 1: There is no url '\/v1\/videos'. Use one of: .*\/v1\/embeddings/);
  });

  it("has the same value whatever the order of its fields, with null or without a field", async () => {
    const { messages, ...rest } = CHAT;
    await expect(
      scan([chat({ top_p: null }), { ...LINE, custom_id: "b", body: { ...rest, messages } }]),
    ).resolves.toBeDefined();
  });

  it("may have a field named file_id in the schema of a tool", async () => {
    const parameters = { type: "object", properties: { file_id: { type: "string" } } };
    await expect(
      scan([chat({ tools: [{ type: "function", function: { name: "open", parameters } }] })]),
    ).resolves.toBeDefined();
  });
});

it("the lines in the documentation are complete", async () => {
  const text = readFileSync("src/features/files-batch/README.md", "utf8");
  const lines = text.split("\n").filter((each) => each.startsWith('{"custom_id"'));
  expect(lines).toHaveLength(7);
  for (const each of lines) expect(await scan([each])).toMatchObject({ lines: 1 });
});

it("an empty file is a fault", async () => {
  expect((await faultOf([]))[1]).toBe("The file has no lines. Send one request per line.");
});

describe("a file", () => {
  it("has the sum of its lines' bounds at batch rates", async () => {
    const second = { ...chat({ max_completion_tokens: 20 }), custom_id: "b" };
    const facts = await scan([LINE, second]);
    const inputs = [CHAT, second.body].map(({ messages }) => JSON.stringify({ messages }).length + 16);
    const input = inputs.reduce((sum, each) => sum + each, 0);
    expect(facts).toEqual({
      url: CHAT_URL,
      model,
      snapshot: model,
      lines: 2,
      maxOutputTokens: 50,
      tokens: input + 70,
      nanoUsd: inputs.reduce((sum, each) => sum + Math.ceil(each * 550), 0) + 70 * 2200,
      prices: { input: 0.55, cached_input: 0.1375, output: 2.2 },
    });
  });

  it("can name the model by its card, which providers know too", async () => {
    expect(await scan([chat({ model: "o4-mini" })])).toMatchObject({ model: "o4-mini", snapshot: model });
  });

  it("of embeddings needs no output limit", async () => {
    const body = { model: "text-embedding-3-small", input: ["river", "weir"] };
    const facts = await scan([{ ...LINE, url: "/v1/embeddings", body }], { plan: { max_output_tokens: 16 } });
    expect(facts).toMatchObject({ maxOutputTokens: 0, tokens: 9 + 16, nanoUsd: 250 });
  });

  it.each<[what: string, situation: Situation, model: string, message: RegExp]>([
    ["the plan does not include the model", { plan: { models: ["o3"] } }, model, /does not include the model/],
    [
      "the plan moderates",
      { plan: { moderation: { input: "parallel" } } as Partial<Plan> },
      model,
      /Requests are moderated here/,
    ],
    [
      "the alias moderates",
      {
        catalog: {
          ...CATALOG,
          aliases: {
            ...CATALOG.aliases,
            "o4-mini": { ...toAlias(model), moderation: { output: "window" } } as never,
          },
        },
      },
      "o4-mini",
      /Requests are moderated here/,
    ],
    [
      "the model has no batches",
      { catalog: createDollarCatalog() },
      "gpt-3.5-turbo-instruct",
      /does not support Batch/,
    ],
    [
      "its card has no batch prices",
      { catalog: withCard("o4-mini", (card) => ({ ...card, prices: { input: 1, output: 2, batch: { input: 1 } } })) },
      model,
      /does not support batches: its card has no batch prices/,
    ],
    [
      "its provider has no files",
      {
        catalog: complete(
          createHouseCatalog(
            { endpoints: undefined },
            {
              endpoints: ["chat_completions", "batch"],
              prices: { input: 1, output: 2, batch: { input: 1, output: 1 } },
            },
          ),
        ),
      },
      HOUSE_MODEL,
      /the provider of 'emulated-house-1' has no files here/,
    ],
  ])("is refused when %s", async (_what, situation, name, message) => {
    expect(await faultOf([chat({ model: name })], situation)).toEqual([
      expect.any(Number),
      expect.stringMatching(message),
      expect.anything(),
    ]);
  });
});

function withCard(id: string, change: (card: Catalog["cards"][string]) => Catalog["cards"][string]): Catalog {
  const { [id]: card } = CATALOG.cards;
  if (!card) throw new Error(`there is no card '${id}'`);
  return { ...CATALOG, cards: { ...CATALOG.cards, [id]: change(card) } };
}
