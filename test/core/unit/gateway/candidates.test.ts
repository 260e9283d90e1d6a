// The models that can answer a request, and in which dialect: the asked model first, then its fallbacks.

import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { candidatesFor } from "../../../../src/core/gateway/candidates.ts";
import type { Exchange, Way } from "../../../../src/core/gateway/exchange.ts";
import { chatBody } from "../../../../src/dialects/chat-completions/body.ts";
import { responsesBody } from "../../../../src/dialects/responses/body.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { chatRequest } from "../../../dialects/support/chat-requests.ts";
import { responsesRequest } from "../../../dialects/support/responses-requests.ts";

const NOW = Date.parse("2026-03-01");
const FEATURES = { features: ["streaming", "function_calling"] };
const BOTH = ["chat_completions", "responses"];
const ENDED = { shutdown_date: "2026-02-01" };

const catalogOf = (cards: Document, aliases: Document = {}, changes: Document = {}): Catalog =>
  complete(catalogDocument({ cards, aliases: { default: { target: "swift-1" }, ...aliases }, ...changes }));
const card = (snapshot: string, changes: Document = {}) =>
  cardDocument({ [snapshot]: {} }, { ...FEATURES, ...changes });

/** A request in both dialects: only what choosing a candidate reads of an exchange. */
const overChat = (changes: Document = {}): Way => ({
  endpoint: "chat_completions",
  prepare: (model) =>
    ({ endpoint: "chat_completions", ...chatBody(chatRequest(changes), model) }) as unknown as Exchange,
});
const overResponses = (changes: Document = {}): Way => ({
  endpoint: "responses",
  prepare: (model, { responses }) =>
    ({ endpoint: "responses", ...responsesBody(responsesRequest(changes), model, responses) }) as unknown as Exchange,
});

interface Asked {
  chat?: Document;
  responses?: Document;
}

const waysOf = ({ chat, responses }: Asked = {}) => [overChat(chat), overResponses(responses)];

/** The candidates for a request that can be written in either dialect: snapshot and endpoint. */
function candidatesOf(catalog: Catalog, request: Asked = {}, requestedName = "default") {
  const { candidates } = candidatesFor(catalog, requestedName, waysOf(request), NOW);
  return candidates.map(({ model, exchange }) => [model.snapshot, exchange.endpoint]);
}

const tools: Asked = {
  chat: { tools: [{ type: "function", function: { name: "look" } }] },
  responses: { tools: [{ type: "function", name: "look" }] },
};

describe("the dialect", () => {
  it("is the first on the model's card", () => {
    const [chatFirst, responsesFirst] = [BOTH, BOTH.toReversed()].map((endpoints) =>
      catalogOf({ swift: card("swift-1", { endpoints }) }),
    );
    expect(chatFirst && candidatesOf(chatFirst)).toEqual([["swift-1", "chat_completions"]]);
    expect(responsesFirst && candidatesOf(responsesFirst)).toEqual([["swift-1", "responses"]]);
  });

  it("is the first in which the model can do all of the request", () => {
    const catalog = catalogOf({
      swift: card("swift-1", { endpoints: BOTH, refuses: { chat_completions: ["tools"] } }),
    });
    expect(candidatesOf(catalog)).toEqual([["swift-1", "chat_completions"]]);
    expect(candidatesOf(catalog, tools)).toEqual([["swift-1", "responses"]]);
  });

  it("is one that the provider serves, whatever the card says", () => {
    const house = { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY", endpoints: ["responses"] };
    const catalog = catalogOf({ swift: card("swift-1", { endpoints: BOTH }) }, {}, { providers: { house } });
    expect(candidatesOf(catalog)).toEqual([["swift-1", "responses"]]);
  });

  it("is the one that the caller asked in, where there is only that", async () => {
    const catalog = catalogOf({ swift: card("swift-1", { endpoints: BOTH.toReversed() }) });
    const endpointOf = (way: Way) => candidatesFor(catalog, "default", [way], NOW).candidates[0].exchange.endpoint;
    expect([overChat(), overResponses()].map(endpointOf)).toEqual(["chat_completions", "responses"]);
    const chatOnly = catalogOf({ swift: card("swift-1") });
    const error = await refusalOf(() => candidatesFor(chatOnly, "default", [overResponses()], NOW));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "model" } });
    expect(error.body.message).toContain("does not support Responses");
  });
});

describe("a refusal", () => {
  it("names what the first dialect of the card lacks", async () => {
    const refuses = { chat_completions: ["response_format"], responses: ["text", "tools"] };
    const catalog = catalogOf({ swift: card("swift-1", { endpoints: BOTH, refuses }) });
    const chat = { ...tools.chat, response_format: { type: "json_object" } };
    const responses = { ...tools.responses, text: { format: { type: "json_object" } } };
    const error = await refusalOf(() => candidatesOf(catalog, { chat, responses }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: "response_format" } });
  });

  it("is not avoided by a fallback that could do it", async () => {
    const catalog = catalogOf(
      { swift: card("swift-1", { features: ["streaming"] }), deep: card("deep-1") },
      { fast: { target: "swift-1", fallback: ["deep-1"] } },
    );
    const error = await refusalOf(() => candidatesOf(catalog, tools, "fast"));
    expect(error).toMatchObject({ body: { param: "tools" } });
    expect(error.body.message).toContain("Models that do: deep-1");
  });

  it("of a name that there is not is a 404", async () => {
    const error = await refusalOf(() => candidatesOf(catalogOf({ swift: card("swift-1") }), {}, "nobody"));
    expect(error).toMatchObject({ status: 404, body: { code: "model_not_found" } });
  });
});

const fast = (fallback: string[], changes: Document = {}) => ({ fast: { target: "swift-1", fallback, ...changes } });
const providerAt = (host: string) => ({ base_url: `https://${host}/v1`, key_variable: "HOUSE_API_KEY" });

describe("the fallbacks", () => {
  const cards = {
    swift: card("swift-1"),
    deep: card("deep-1", { endpoints: ["responses"] }),
    dull: card("dull-1", { features: ["streaming"] }),
    late: cardDocument({ "late-1": ENDED }, FEATURES),
  };

  it("follow in their order, each in its own dialect", () => {
    expect(candidatesOf(catalogOf(cards, fast(["deep-1", "dull-1"])), {}, "fast")).toEqual([
      ["swift-1", "chat_completions"],
      ["deep-1", "responses"],
      ["dull-1", "chat_completions"],
    ]);
  });

  it("are each listed once, and never the model itself", () => {
    const aliases = { ...fast(["swift-1", "default", "slow", "deep-1", "slow"]), slow: { target: "deep-1" } };
    expect(candidatesOf(catalogOf(cards, aliases), {}, "fast").map(([snapshot]) => snapshot)).toEqual([
      "swift-1",
      "deep-1",
    ]);
  });

  it("are skipped where they lack support, have ended, or do not serve the dialect", () => {
    const catalog = catalogOf(cards, fast(["dull-1", "late-1", "deep-1"]));
    expect(candidatesOf(catalog, tools, "fast").map(([snapshot]) => snapshot)).toEqual(["swift-1", "deep-1"]);
    const { candidates } = candidatesFor(catalog, "fast", [overChat()], NOW);
    expect(candidates.map(({ model }) => model.snapshot)).toEqual(["swift-1", "dull-1"]);
  });

  it("do not exist for a snapshot's own name, nor for a strict alias", () => {
    const frozen = { frozen: { target: "fast", strict: true } };
    const catalog = catalogOf(cards, { ...fast(["deep-1"]), ...frozen });
    expect(candidatesOf(catalog, {}, "swift-1")).toHaveLength(1);
    expect(candidatesOf(catalog, {}, "frozen")).toHaveLength(1);
  });

  it("keep the fixed settings of the requestedName alias, not of their own aliases", () => {
    const aliases = {
      ...fast(["slow"], { instructions: "Be brief.", max_output_tokens: 50 }),
      slow: { target: "deep-1", instructions: "Be long.", max_output_tokens: 16 },
    };
    const { candidates } = candidatesFor(catalogOf(cards, aliases), "fast", waysOf(), NOW);
    const [first, second] = candidates;
    expect(second?.model).toMatchObject({ requestedName: "fast", snapshot: "deep-1", id: "deep", fixed: first.model.fixed });
    expect(JSON.parse(second?.exchange.write(1) ?? "null")).toMatchObject({
      model: "deep-1",
      instructions: "Be brief.",
    });
    expect(second?.exchange.demand.maxOutputTokens).toBe(50);
  });

  it("have their own provider", () => {
    const providers = { house: providerAt("models.test"), other: providerAt("other.test") };
    const catalog = catalogOf({ ...cards, deep: card("deep-1", { provider: "other" }) }, fast(["deep-1"]), {
      providers,
    });
    const { candidates } = candidatesFor(catalog, "fast", waysOf(), NOW);
    expect(candidates.map(({ provider }) => provider.base_url)).toEqual([
      "https://models.test/v1",
      "https://other.test/v1",
    ]);
  });
});
