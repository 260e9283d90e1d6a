// uses: stored-responses
// The exact count of an input over Responses: what is counted, what it costs, and where there is none.

import { describe, expect, it } from "vitest";
import { chooseModel } from "../../../../src/core/catalog/choose.ts";
import { requireSupport } from "../../../../src/core/catalog/support.ts";
import { countResponses } from "../../../../src/features/responses/exchange.ts";
import { bundledModel, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { preparedResponses } from "../support/responses-exchanges.ts";
import { responsesRequest } from "../../../dialects/support/responses-requests.ts";
import { prepared } from "../../../support/ways.ts";

const O4 = bundledModel("o4-mini");
const plainCatalog = complete(
  catalogDocument({ cards: { swift: cardDocument({ "swift-1": {} }, { endpoints: ["responses"] }) } }),
);
/** A model of a provider that does not count. */
const PLAIN = chooseModel(plainCatalog, "default", 0).model;

describe("the count of a request's input", () => {
  const schema = { type: "json_schema", name: "a", schema: {} };
  const shown = {
    instructions: "Be brief.",
    tools: [{ type: "function", name: "look" }],
    tool_choice: "required",
    text: { format: schema },
    reasoning: { effort: "high" },
  };

  it("is of all that the model is shown, and of nothing else", () => {
    const exchange = preparedResponses({ ...shown, stream: true, temperature: 1, user: "u-1", max_output_tokens: 9 });
    const counted = { model: "o4-mini-2025-04-16", input: "Hi", ...shown };
    expect(JSON.parse(exchange.count() ?? "null")).toEqual(counted);
    const counter = prepared(countResponses(responsesRequest({ ...shown, user: "u-1" })), O4);
    expect(JSON.parse(counter.write(0))).toEqual(counted);
  });

  it("has its own route, costs a request and no tokens, and passes as it came", () => {
    const counter = prepared(countResponses(responsesRequest()), O4);
    const text = '{"object":"response.input_tokens","input_tokens":11}\n';
    expect(counter).toMatchObject({ path: "/responses/input_tokens", demand: { free: true, images: 0 } });
    expect(counter.read(text).conclude({ left: {}, usd: 0 })).toBe(text);
    expect(counter.isOurs).toBe(true);
  });

  it("is refused where the provider does not count", async () => {
    const { needs } = prepared(countResponses(responsesRequest()), PLAIN, plainCatalog);
    const error = await refusalOf(() => requireSupport(plainCatalog, PLAIN, needs, 0));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "model" } });
    expect(error.body.message).toContain("does not support the counting of tokens");
  });
});
