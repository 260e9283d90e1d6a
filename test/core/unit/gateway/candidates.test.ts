// uses: chat-completions, responses, slim-chat, stored-responses
// Who can answer a request, and in which dialect: the card of the model that was asked for, then its fallbacks.

import { describe, expect, it } from "vitest";
import { candidatesFor } from "../../../../src/core/gateway/candidates.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { passChat } from "../../../../src/features/chat-completions/exchange.ts";
import { passResponses } from "../../../../src/features/responses/exchange.ts";
import { slimWays } from "../../../../src/features/slim-chat/exchange.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { chatRequest, slimRequest } from "../../../support/chat-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { responsesRequest, STAMP } from "../../../support/responses-requests.ts";

const NOW = Date.parse("2026-03-01");
const FEATURES = { features: ["streaming", "function_calling"] };
const BOTH = ["chat_completions", "responses"];
const ENDED = { shutdown_date: "2026-02-01" };

const catalogOf = (cards: Document, aliases: Document = {}, changes: Document = {}): Catalog =>
  complete(catalogDocument({ cards, aliases: { default: { target: "swift-1" }, ...aliases }, ...changes }));
const card = (snapshot: string, changes: Document = {}) =>
  cardDocument({ [snapshot]: {} }, { ...FEATURES, ...changes });

/** Who is asked for a slim request, in which dialect. */
function slimCandidates(catalog: Catalog, changes: Document = {}, asked = "default") {
  const { candidates } = candidatesFor(catalog, asked, slimWays(slimRequest(changes)), NOW);
  return candidates.map(({ model, exchange }) => [model.snapshot, exchange.endpoint]);
}

const tools = { tools: [{ name: "look" }] };

describe("the dialect", () => {
  it("is the first on the model's card", () => {
    const [chatFirst, responsesFirst] = [BOTH, BOTH.toReversed()].map((endpoints) =>
      catalogOf({ swift: card("swift-1", { endpoints }) }),
    );
    expect(chatFirst && slimCandidates(chatFirst)).toEqual([["swift-1", "chat_completions"]]);
    expect(responsesFirst && slimCandidates(responsesFirst)).toEqual([["swift-1", "responses"]]);
  });

  it("is the first in which the model can do all of the request", () => {
    const catalog = catalogOf({
      swift: card("swift-1", { endpoints: BOTH, refuses: { chat_completions: ["tools"] } }),
    });
    expect(slimCandidates(catalog)).toEqual([["swift-1", "chat_completions"]]);
    expect(slimCandidates(catalog, tools)).toEqual([["swift-1", "responses"]]);
  });

  it("is one that the provider serves, whatever the card says", () => {
    const house = { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY", endpoints: ["responses"] };
    const catalog = catalogOf({ swift: card("swift-1", { endpoints: BOTH }) }, {}, { providers: { house } });
    expect(slimCandidates(catalog)).toEqual([["swift-1", "responses"]]);
  });

  it("of a request that wants to know what was thought is Responses alone", async () => {
    const both = catalogOf({ swift: card("swift-1", { endpoints: BOTH }) });
    expect(slimCandidates(both, { reasoning: "summary" })).toEqual([["swift-1", "responses"]]);
    const chatOnly = catalogOf({ swift: card("swift-1") });
    const error = await refusalOf(() => slimCandidates(chatOnly, { reasoning: "summary" }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "model" } });
    expect(error.body.message).toContain("does not support Responses");
  });

  it("of /v1 is the one that it was asked in", () => {
    const catalog = catalogOf({ swift: card("swift-1", { endpoints: BOTH.toReversed() }) });
    const endpointOf = (way: ReturnType<typeof passChat>) =>
      candidatesFor(catalog, "default", [way], NOW).candidates[0].exchange.endpoint;
    expect(endpointOf(passChat(chatRequest()))).toBe("chat_completions");
    expect(endpointOf(passResponses(responsesRequest(), STAMP))).toBe("responses");
  });
});

describe("a refusal", () => {
  it("names what the first dialect of the card lacks", async () => {
    const refuses = { chat_completions: ["response_format"], responses: ["text", "tools"] };
    const catalog = catalogOf({ swift: card("swift-1", { endpoints: BOTH, refuses }) });
    const error = await refusalOf(() => slimCandidates(catalog, { ...tools, format: { type: "object" } }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: "format" } });
    expect(error.body.message).toContain("'format' on Chat Completions");
  });

  it("is not avoided by a fallback that could do it", async () => {
    const catalog = catalogOf(
      { swift: card("swift-1", { features: ["streaming"] }), deep: card("deep-1") },
      { fast: { target: "swift-1", fallback: ["deep-1"] } },
    );
    const error = await refusalOf(() => slimCandidates(catalog, tools, "fast"));
    expect(error).toMatchObject({ body: { param: "tools" } });
    expect(error.body.message).toContain("Models that do: deep-1");
  });

  it("of a name that there is not is a 404", async () => {
    const error = await refusalOf(() => slimCandidates(catalogOf({ swift: card("swift-1") }), {}, "nobody"));
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
    expect(slimCandidates(catalogOf(cards, fast(["deep-1", "dull-1"])), {}, "fast")).toEqual([
      ["swift-1", "chat_completions"],
      ["deep-1", "responses"],
      ["dull-1", "chat_completions"],
    ]);
  });

  it("are each asked once, by whatever names they are given, and never the model itself", () => {
    const aliases = { ...fast(["swift-1", "default", "slow", "deep-1", "slow"]), slow: { target: "deep-1" } };
    expect(slimCandidates(catalogOf(cards, aliases), {}, "fast").map(([snapshot]) => snapshot)).toEqual([
      "swift-1",
      "deep-1",
    ]);
  });

  it("are passed over where they cannot do it, have ended, or are not there in this dialect", () => {
    const catalog = catalogOf(cards, fast(["dull-1", "late-1", "deep-1"]));
    expect(slimCandidates(catalog, tools, "fast").map(([snapshot]) => snapshot)).toEqual(["swift-1", "deep-1"]);
    const { candidates } = candidatesFor(catalog, "fast", [passChat(chatRequest())], NOW);
    expect(candidates.map(({ model }) => model.snapshot)).toEqual(["swift-1", "dull-1"]);
  });

  it("are none for who asks for the snapshot by name, and none for a strict alias", () => {
    const frozen = { frozen: { target: "fast", strict: true } };
    const catalog = catalogOf(cards, { ...fast(["deep-1"]), ...frozen });
    expect(slimCandidates(catalog, {}, "swift-1")).toHaveLength(1);
    expect(slimCandidates(catalog, {}, "frozen")).toHaveLength(1);
  });

  it("keep what the alias that was asked for has fixed, and nothing of their own aliases", () => {
    const aliases = {
      ...fast(["slow"], { instructions: "Be brief.", max_output_tokens: 50 }),
      slow: { target: "deep-1", instructions: "Be long.", max_output_tokens: 16 },
    };
    const { candidates } = candidatesFor(catalogOf(cards, aliases), "fast", slimWays(slimRequest()), NOW);
    const [first, second] = candidates;
    expect(second?.model).toMatchObject({ asked: "fast", snapshot: "deep-1", id: "deep", fixed: first.model.fixed });
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
    const { candidates } = candidatesFor(catalog, "fast", slimWays(slimRequest()), NOW);
    expect(candidates.map(({ provider }) => provider.base_url)).toEqual([
      "https://models.test/v1",
      "https://other.test/v1",
    ]);
  });
});
