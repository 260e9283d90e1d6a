// Embeddings: the request schema, the bound, and the usage at the end of an answer.

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { ModelCard } from "../../../../src/core/catalog/card.ts";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { validate } from "../../../../src/core/http/json-body.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { passEmbeddings } from "../../../../src/features/embeddings/exchange.ts";
import { EmbeddingsRequest } from "../../../../src/features/embeddings/request.ts";

const card = v.parse(ModelCard, {
  provider: "house",
  name: "Vectors",
  context_window: 8192,
  prices: { input: 0.02 },
  modalities: { input: ["text"], output: [] },
  endpoints: ["embeddings"],
  snapshots: { "vectors-1": {} },
});
const MODEL = { requestedName: "vectors", snapshot: "vectors-1", id: "vectors", card } as Model;

const exchangeOf = (request: object) =>
  passEmbeddings(validate(EmbeddingsRequest, { model: "vectors", ...request })).prepare(MODEL, {} as Catalog);

describe("a request", () => {
  it.each([
    "river",
    ["river", "weir"],
    [1, 2, 3],
    [
      [1, 2],
      [3, 4],
    ],
  ])("with the input %j is sent as it is, for the snapshot", (input) => {
    const { ask } = exchangeOf({ input, encoding_format: "base64", dimensions: 256, user: "me" });
    const { body } = ask.write({ maxOutputTokens: 0 });
    expect(JSON.parse(body as string)).toEqual({
      model: "vectors-1",
      input,
      encoding_format: "base64",
      dimensions: 256,
      user: "me",
    });
  });

  it("without a format is sent without one", () => {
    expect(exchangeOf({ input: "river" }).ask.write({ maxOutputTokens: 0 }).body).not.toContain("encoding_format");
  });

  it.each([
    ["", "input"],
    [[], "input"],
    [["river", ""], "input.1"],
    [["river", 1], "input.1"],
    [[1, "river"], "input.1"],
    [[[1], []], "input.1"],
    [[1.5], "input.0"],
    [Array.from({ length: 2049 }, () => "x"), "input"],
    [undefined, "input"],
    [{}, "input"],
  ])("with the input %j is refused, naming the entry that is wrong", (input, param) => {
    expect(() => exchangeOf({ input })).toThrow(expect.objectContaining({ status: 400 }));
    try {
      exchangeOf({ input });
    } catch (error) {
      expect(error).toMatchObject({ body: { param } });
    }
  });
});

const boundOf = (input: unknown) => toBound(exchangeOf({ input }).ask.demand, card, { max_output_tokens: 1000 }, 256);

describe("the bound", () => {
  const TEMPLATE = 16;

  it.each([
    ["the bytes of a text", "ö".repeat(10), 20 + TEMPLATE],
    ["the bytes of each text", ["ab", "cde"], 5 + TEMPLATE],
    ["at most the model's context for each text", ["x".repeat(9000), "abc"], 8192 + 3 + TEMPLATE],
    ["the tokens of a token array", [1, 2, 3], 3 + TEMPLATE],
    ["the tokens of all token arrays", [[1, 2], [3]], 3 + TEMPLATE],
    ["at most 300,000 tokens in all", Array.from({ length: 100 }, () => "x".repeat(8192)), 300_000],
  ])("is %s", (_, input, tokens) => {
    expect(boundOf(input)).toMatchObject({ input: tokens, output: 0, minOutput: 0, inputNanoUsd: tokens * 20 });
  });
});

describe("the usage", () => {
  const { reply } = exchangeOf({ input: "river" });
  const usageIn = (tail: string) => {
    if (reply.kind !== "bytes") throw new Error("embeddings are not passed through");
    const codec = reply.createCodec();
    codec.push(new TextEncoder().encode(tail));
    codec.finish();
    return codec.progress.usage;
  };

  it.each([
    ['"embedding":"AAA"}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5}}', 5],
    ['…"usage": {\n "prompt_tokens": 7,\n "details": {"text": 7},\n "total_tokens": 7\n }\n}\n', 7],
    ['"usage":{"prompt_tokens":1},"data":[{"embedding":[0.1,0.2]}],"usage":{"prompt_tokens":9}}', 9],
  ])("is read from the end: %s", (tail, input) => {
    expect(usageIn(tail)).toMatchObject({ input, output: 0 });
  });

  it.each(["0.1,0.2]}]}", '"usage":null}', '"usage":{"prompt_tokens":"many"}}', ""])("is not in %s", (tail) => {
    expect(usageIn(tail)).toBeUndefined();
  });
});

it("is moderated by its texts, and not at all by its tokens", () => {
  expect(exchangeOf({ input: ["river", "weir"] }).ask.subject).toEqual({ text: "river\nweir", images: [] });
  expect(exchangeOf({ input: [1, 2] }).ask.subject).toMatchObject({ text: "", unreadable: "input" });
});
