// The Responses exchanges: one passes answers through, one counts input.

import { describe, expect, it } from "vitest";
import { chooseModel } from "../../../../src/core/catalog/choose.ts";
import { requireSupport } from "../../../../src/core/catalog/support.ts";
import { responsesBody } from "../../../../src/dialects/responses/body.ts";
import type { AcceptedRequest } from "../../../../src/features/responses/exchange.ts";
import { countResponses, passResponses, withReasoning } from "../../../../src/features/responses/exchange.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { messageOf, responseOf } from "../../../dialects/support/responses-events.ts";
import { responsesRequest, sentJson } from "../../../dialects/support/responses-requests.ts";
import {
  bundledCatalog,
  bundledModel,
  cardDocument,
  catalogDocument,
  complete,
} from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";

const O4 = bundledModel("o4-mini");
const accepted = (changes: Json = {}): AcceptedRequest => ({
  stream: changes.stream === true,
  body: (model) => responsesBody(responsesRequest(changes), model),
});
const pass = (changes: Json = {}) => passResponses(accepted(changes)).prepare(O4, bundledCatalog());
const counter = (changes: Json = {}, model = O4) => countResponses(accepted(changes)).prepare(model, bundledCatalog());

const INPUT = {
  instructions: "Be brief.",
  tools: [{ type: "function", name: "look" }],
  tool_choice: "required",
  text: { format: { type: "json_schema", name: "a", schema: {} } },
  reasoning: { effort: "high" },
};
const COUNTED = { model: "o4-mini-2025-04-16", input: "Hi", ...INPUT };

it("a model that reasons returns its encrypted reasoning, unless the answer is stored", () => {
  const encrypted = "reasoning.encrypted_content";
  const include = (changes: Json, model = O4) => withReasoning(responsesRequest(changes), model).include;
  expect(include({})).toEqual([encrypted]);
  expect(include({ include: [encrypted, "other"] })).toEqual([encrypted, "other"]);
  expect(include({}, { ...O4, card: { ...O4.card, reasoning: undefined } })).toBeUndefined();
  expect(withReasoning({ ...responsesRequest(), store: true }, O4).include).toBeUndefined();
});

describe("an answer", () => {
  it("is counted by every field that is input of the model", () => {
    const { ask } = pass({ ...INPUT, stream: true, temperature: 1, user: "u-1", max_output_tokens: 9 });
    expect(JSON.parse(ask.count?.() ?? "null")).toEqual(COUNTED);
    expect(ask).toMatchObject({ endpoint: "responses", remains: undefined });
  });

  it("that is whole is passed through to the letter, unless the feature reads it", () => {
    const body = `${JSON.stringify(responseOf({ output: [messageOf({ type: "output_text", text: "Hi" })] }))}  \n`;
    const { reply } = pass();
    if (reply.kind !== "json") throw new Error(`the reply is ${reply.kind}`);
    expect(reply.read(body).conclude({ left: {}, usd: 0.5 })).toBe(body);
    const read = () => ({ ...reply.read(body), settlesLater: true });
    expect(passResponses({ ...accepted(), read }).prepare(O4, bundledCatalog()).reply).toEqual({ kind: "json", read });
  });
});

describe("a count", () => {
  it("has its own route, the same fields, no subject, and costs no tokens", () => {
    const { ask, reply } = counter({ ...INPUT, user: "u-1" });
    expect(sentJson(ask)).toEqual(COUNTED);
    expect(ask).toMatchObject({ path: "/responses/input_tokens", demand: { free: true }, subject: undefined });
    if (reply.kind !== "json") throw new Error(`the reply is ${reply.kind}`);
    const text = '{"object":"response.input_tokens","input_tokens":11}\n';
    expect(reply.read(text).conclude({ left: {}, usd: 0 })).toBe(text);
  });

  it("is refused for a provider that does not count", async () => {
    const cards = { swift: cardDocument({ "swift-1": {} }, { endpoints: ["responses"] }) };
    const catalog = complete(catalogDocument({ cards }));
    const { model } = chooseModel(catalog, "default", 0);
    const { needs } = counter({}, model).ask;
    const error = await refusalOf(() => requireSupport(catalog, model, needs, 0));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "model" } });
    expect(error.body.message).toContain("does not support the counting of tokens");
  });
});
