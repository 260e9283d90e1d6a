// Candidates for a request: the requested model, then its fallbacks, each in the first dialect that it supports.

import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Need } from "../../../../src/core/catalog/support.ts";
import { apiError } from "../../../../src/core/errors.ts";
import { candidatesFor } from "../../../../src/core/gateway/candidates.ts";
import type { Exchange, Way } from "../../../../src/core/gateway/exchange.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";

type Dialect = "chat_completions" | "responses";

const NOW = Date.parse("2026-03-01");
const FEATURES = { features: ["streaming", "function_calling"] };
const BOTH = ["chat_completions", "responses"];

const catalogOf = (cards: Document, aliases: Document = {}, changes: Document = {}): Catalog =>
  complete(catalogDocument({ cards, aliases: { default: { target: "swift-1" }, ...aliases }, ...changes }));
const card = (snapshot: string, changes: Document = {}) =>
  cardDocument({ [snapshot]: {} }, { ...FEATURES, ...changes });

/** A request in one dialect that needs these parameters. Candidates read nothing else of an exchange. */
const way = (endpoint: Dialect, needs: Need[] = []): Way => ({
  endpoint,
  prepare: (model) => {
    const needed = [{ kind: "endpoint", endpoint, param: "model" }, ...needs];
    return { ask: { endpoint, needs: needed, model: model.snapshot } } as unknown as Exchange;
  },
});
const parameter = (endpoint: Dialect, name: string): Need => ({ kind: "parameter", endpoint, name, param: name });
const calling: Need = { kind: "feature", feature: "function_calling", param: "tools" };
const waysWith = (...names: string[]) =>
  ([way("chat_completions"), way("responses")] as Way[]).map(({ endpoint }) =>
    way(endpoint as Dialect, [calling, ...names.map((name) => parameter(endpoint as Dialect, name))]),
  );
/** A request that one snapshot refuses. */
const refusing = (snapshot: string, needs: Need[] = []): Way[] => [
  {
    ...way("chat_completions", needs),
    prepare(model, ...rest) {
      const { ask, reply } = way("chat_completions", needs).prepare(model, ...rest);
      const refusal = model.snapshot === snapshot ? apiError("unsupported_format", "Too long.") : undefined;
      return { ask: { ...ask, refusal }, reply };
    },
  },
];
const PLAIN = [way("chat_completions"), way("responses")];

/** The candidates' snapshots and endpoints. */
const candidatesOf = (catalog: Catalog, ways = PLAIN, requestedName = "default") =>
  candidatesFor(catalog, requestedName, ways, NOW).candidates.map(({ model, exchange }) => [
    model.snapshot,
    exchange.ask.endpoint,
  ]);

describe("the dialect", () => {
  const house = { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY", endpoints: ["responses"] };

  it.each<[string, Document, Way[], Document, string]>([
    ["is the first on the model's card", { endpoints: BOTH }, PLAIN, {}, "chat_completions"],
    ["is the first on the model's card, in its order", { endpoints: BOTH.toReversed() }, PLAIN, {}, "responses"],
    [
      "is the first that supports the request",
      { endpoints: BOTH, refuses: { chat_completions: ["stop"] } },
      waysWith("stop"),
      {},
      "responses",
    ],
    ["is one that the provider serves", { endpoints: BOTH }, PLAIN, { providers: { house } }, "responses"],
    [
      "is the only one that the call has",
      { endpoints: BOTH.toReversed() },
      [way("chat_completions")],
      {},
      "chat_completions",
    ],
  ])("%s", (_what, changes, ways, more, endpoint) => {
    expect(candidatesOf(catalogOf({ swift: card("swift-1", changes) }, {}, more), ways)).toEqual([
      ["swift-1", endpoint],
    ]);
  });
});

describe("a refusal", () => {
  it("says that the model does not serve the only dialect of the call", async () => {
    const error = await refusalOf(() => candidatesOf(catalogOf({ swift: card("swift-1") }), [way("responses")]));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "model" } });
    expect(error.body.message).toContain("does not support Responses");
  });

  it("names the parameter that the first dialect of the card lacks", async () => {
    const refuses = { chat_completions: ["seed"], responses: ["seed", "stop"] };
    const catalog = catalogOf({ swift: card("swift-1", { endpoints: BOTH, refuses }) });
    const error = await refusalOf(() => candidatesOf(catalog, waysWith("stop", "seed")));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: "seed" } });
  });

  it("is not avoided by a fallback that supports the request", async () => {
    const cards = { swift: card("swift-1", { features: [] }), deep: card("deep-1") };
    const catalog = catalogOf(cards, { fast: { target: "swift-1", fallback: ["deep-1"] } });
    const error = await refusalOf(() => candidatesOf(catalog, waysWith(), "fast"));
    expect(error).toMatchObject({ body: { param: "tools" } });
    expect(error.body.message).toContain("Models that do: deep-1");
  });

  it("of the request itself comes after those of the card, and skips a fallback", async () => {
    const cards = { swift: card("swift-1"), deep: card("deep-1") };
    const catalog = catalogOf(cards, { fast: { target: "swift-1", fallback: ["deep-1"] } });
    expect(candidatesOf(catalog, refusing("deep-1"), "fast")).toEqual([["swift-1", "chat_completions"]]);
    const error = await refusalOf(() => candidatesOf(catalog, refusing("swift-1"), "fast"));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_format" } });
    const lacking: Need = { kind: "feature", feature: "file_search", param: "tools" };
    const first = await refusalOf(() => candidatesOf(catalog, refusing("swift-1", [lacking]), "fast"));
    expect(first).toMatchObject({ body: { code: "unsupported_value", param: "tools" } });
  });

  it("of an unknown model is a 404", async () => {
    const error = await refusalOf(() => candidatesOf(catalogOf({ swift: card("swift-1") }), PLAIN, "nobody"));
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
    late: cardDocument({ "late-1": { shutdown_date: "2026-02-01" } }, FEATURES),
  };
  const slow = { slow: { target: "deep-1", instructions: "Be long." } };
  const snapshotsOf = (aliases: Document, ways = PLAIN, requestedName = "fast") =>
    candidatesOf(catalogOf(cards, aliases), ways, requestedName).map(([snapshot]) => snapshot);

  it("follow in their order, each in its own dialect", () => {
    expect(candidatesOf(catalogOf(cards, fast(["deep-1", "dull-1"])), PLAIN, "fast")).toEqual([
      ["swift-1", "chat_completions"],
      ["deep-1", "responses"],
      ["dull-1", "chat_completions"],
    ]);
  });

  it.each<[string, Document, Way[], string, string[]]>([
    [
      "are listed once, and never the model itself",
      { ...fast(["swift-1", "default", "slow", "deep-1"]), ...slow },
      PLAIN,
      "fast",
      ["swift-1", "deep-1"],
    ],
    [
      "are skipped when they lack a feature or have ended",
      fast(["dull-1", "late-1", "deep-1"]),
      waysWith(),
      "fast",
      ["swift-1", "deep-1"],
    ],
    [
      "are skipped when they do not serve the dialect",
      fast(["deep-1", "dull-1"]),
      [way("chat_completions")],
      "fast",
      ["swift-1", "dull-1"],
    ],
    ["do not exist for a snapshot's own name", fast(["deep-1"]), PLAIN, "swift-1", ["swift-1"]],
    [
      "do not exist for a strict alias",
      { ...fast(["deep-1"]), frozen: { target: "fast", strict: true } },
      PLAIN,
      "frozen",
      ["swift-1"],
    ],
  ])("%s", (_what, aliases, ways, requestedName, snapshots) => {
    expect(snapshotsOf(aliases, ways, requestedName)).toEqual(snapshots);
  });

  it("keep the settings of the requested alias, and have their own exchange and provider", () => {
    const providers = { house: providerAt("models.test"), other: providerAt("other.test") };
    const changed = { ...cards, deep: card("deep-1", { provider: "other" }) };
    const catalog = catalogOf(changed, { ...fast(["slow"], { instructions: "Be brief." }), ...slow }, { providers });
    const [first, second] = candidatesFor(catalog, "fast", PLAIN, NOW).candidates;
    expect(second?.model).toMatchObject({
      requestedName: "fast",
      snapshot: "deep-1",
      id: "deep",
      fixed: first.model.fixed,
    });
    expect(second?.model.fixed.instructions).toBe("Be brief.");
    expect(second?.exchange.ask).toMatchObject({ model: "deep-1" });
    expect([first, second].map((one) => one?.provider.base_url)).toEqual([
      "https://models.test/v1",
      "https://other.test/v1",
    ]);
  });
});
