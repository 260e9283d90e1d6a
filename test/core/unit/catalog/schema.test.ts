// The catalog's schema: the bundled catalog, defaults, and faults with their path.

import { describe, expect, it } from "vitest";
import bundled from "../../../../src/core/catalog/default.json" with { type: "json" };
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
// Installs the sections of all features, which the bundled catalog uses.
import "../../../../src/features.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

/** The faults of a document; none when it is valid. */
function faultsOf(document: unknown): string[] {
  const parsed = parseCatalog(document);
  return parsed.ok ? [] : parsed.faults;
}
const faultsWith = (changes: Document) => faultsOf(catalogDocument(changes));
const cardWith = (changes: Document) => ({ cards: { swift: cardDocument({ "swift-1": {} }, changes) } });
const priceWith = (changes: Document) => cardWith({ prices: { input: 1, output: 1, ...changes } });
const aliasWith = (changes: Document, name = "default") => ({
  aliases: { default: { target: "swift-1" }, [name]: { target: "swift-1", ...changes } },
});
const providerWith = (changes: Document) => ({
  providers: { house: { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY", ...changes } },
});
const planWith = (changes: Document) => ({
  plans: { free: { windows: [], concurrent: 1, max_output_tokens: 16, ...changes } },
});
const budgetWith = (windows: Document[]) => ({ budget: { windows } });
const windowWith = (changes: Document) => planWith({ windows: [{ unit: "tokens", per: "day", limit: 1, ...changes }] });

it("the bundled catalog has no faults, and limits for every chat model", () => {
  expect(faultsOf(bundled)).toEqual([]);
  const cards = Object.entries(bundledCatalog().cards);
  const chats = cards.filter(([, { endpoints }]) => endpoints.includes("chat_completions"));
  expect(chats.filter(([, card]) => !card.context_window || !card.max_output_tokens).map(([id]) => id)).toEqual([]);
});

describe("a short document", () => {
  it("gets every default", () => {
    const document = catalogDocument(cardWith({ reasoning: { efforts: ["low"] } }));
    const { min_output_tokens, timing, cards, aliases, providers } = complete(document);
    expect(cards.swift?.reasoning).toEqual({ efforts: ["low"] });
    expect(cards.swift?.max_tokens_per_second).toBe(500);
    expect(min_output_tokens).toBe(256);
    expect(timing).toEqual({
      first_byte_ms: 120_000,
      idle_ms: 60_000,
      total_ms: 600_000,
      keep_alive_ms: 8000,
      coalesce_ms: 40,
      leave_ms: 25_000,
      lease_grace_ms: 90_000,
    });
    const lists = { compare: [], features: [], tools: [], refuses: {} };
    expect(cards.swift).toMatchObject({ ...lists, default: false, output_parameter: "max_completion_tokens" });
    expect(aliases.default).toEqual({ target: "swift-1", strict: false, fallback: [] });
    expect(providers.house).toMatchObject({
      headers: {},
      counts_input: false,
      lists_models: true,
      key_header: "authorization",
    });
    expect(providers.house).not.toHaveProperty("endpoints");
  });

  it("keeps its own values", () => {
    const catalog = complete(catalogDocument({ min_output_tokens: 0, timing: { total_ms: 5000 } }));
    expect(catalog).toMatchObject({ min_output_tokens: 0, timing: { total_ms: 5000, idle_ms: 60_000 } });
  });
});

describe("a fault", () => {
  it.each<[string, Document]>([
    ["schema", { schema: 2 }],
    ["planz", { planz: {} }],
    ["plans", { plans: undefined }],
    ["timing.total_ms", { timing: { total_ms: 90_000_000 } }],
    ["cards.swift.colour", cardWith({ colour: "blue" })],
    ["cards.swift.context_window", cardWith({ context_window: "200k" })],
    ["cards.swift.image_tokens", cardWith({ image_tokens: 1.5 })],
    ["cards.swift.knowledge_cutoff", cardWith({ knowledge_cutoff: "June 2024" })],
    ["cards.swift.endpoints.0", cardWith({ endpoints: ["chat"] })],
    ["cards.swift.modalities.input.0", cardWith({ modalities: { input: ["smell"], output: [] } })],
    ["cards.swift.ratings.speed", cardWith({ ratings: { speed: 6 } })],
    ["cards.swift.features.0", cardWith({ features: ["telepathy"] })],
    ["cards.swift.tools.0", cardWith({ tools: ["hammer"] })],
    ["cards.swift.prices.input", priceWith({ input: -1 })],
    // A long context that costs less than a short one would lower the bound.
    [
      "cards.swift.prices.long_context.input_times",
      priceWith({ long_context: { above_input_tokens: 10, input_times: 0.5, output_times: 1 } }),
    ],
    ["plans.free.concurrent", planWith({ concurrent: 0 })],
    ["plans.free.max_output_tokens", planWith({ max_output_tokens: 15 })],
    ["plans.free.windows.0.unit", windowWith({ unit: "words" })],
    ["plans.free.windows.0", windowWith({ limit: 1.5 })],
    ["plans.free.windows.0.models", windowWith({ models: [] })],
    ["budget.windows", budgetWith([])],
    ["budget.windows.0", budgetWith([{ unit: "requests", per: "day", limit: 1 }])],
    ["budget.windows.0", budgetWith([{ unit: "tokens", per: "day", limit: 1.5 }])],
    ["budget.windows.0.per", budgetWith([{ unit: "usd", per: "week", limit: 1.5 }])],
    ["aliases.my model", aliasWith({}, "my model")],
    ["aliases.default.on_leave", aliasWith({ on_leave: "drain" })],
    ["aliases.default.instructions", aliasWith({ instructions: "" })],
    ["aliases.default.max_output_tokens", aliasWith({ max_output_tokens: 15 })],
    ["aliases.default.fallback", aliasWith({ fallback: "swift-1" })],
    ["aliases.default.temperature", aliasWith({ temperature: 1 })],
    ["providers.house.key_variable", providerWith({ key_variable: "AUTH_SECRET" })],
    ["providers.house.base_url", providerWith({ base_url: "models.test" })],
    ["providers.house.endpoints.0", providerWith({ endpoints: ["chat"] })],
    ...["cookie", "Api-Key", "api-key\n", "x_api-key", "api-key-2", ""].map((key_header): [string, Document] => [
      "providers.house.key_header",
      providerWith({ key_header }),
    ]),
    ["providers.house.key", providerWith({ key: "sk-1" })],
  ])("is reported with its path: %s", (path, changes) => {
    const faults = faultsWith(changes);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${path}: .+`));
  });

  it("is told in plain words", () => {
    expect(faultsWith({ default_plan: 7 })).toEqual(["default_plan: must be a text"]);
  });

  it("is reported for a document that is not an object", () => {
    for (const document of [null, "catalog", 7, []]) expect(faultsOf(document).join()).toMatch(/^(catalog|schema)/);
  });
});

describe("the name of a model", () => {
  const NAMES = ["meta-llama/llama-3.3-70b-instruct:free", "@cf/meta/llama-3", "gemini-1.5@001", "a".repeat(200)];

  it.each(NAMES)("may be the provider's own, wherever the catalog names a model: %s", (name) => {
    const card = cardDocument({ [name]: {}, "swift-1": { successor: name } }, { compare: [name] });
    const aliases = { default: { target: name, fallback: ["swift-1"] }, "org/mine": { target: "default" } };
    const plans = planWith({
      windows: [{ unit: "tokens", per: "day", limit: 1 }],
      models: ["swift", name, "org/mine"],
    });
    expect(faultsWith({ cards: { swift: card }, aliases, ...plans })).toEqual([]);
  });

  it.each(["a//b", "/a", "a/", "a/../b", "..", "", "a b", "a,b", "a?b", "a%2Fb", "é", "a".repeat(201)])(
    "is refused when no URL could name it: %j",
    (name) => {
      expect(faultsWith(aliasWith({}, name))).toEqual([expect.stringContaining(`aliases.${name}: `)]);
    },
  );

  it("is not the name of a provider, a card or a plan", () => {
    expect(faultsWith({ cards: { "org/swift": cardDocument({ "swift-1": {} }) } })).toHaveLength(1);
    expect(faultsWith({ plans: { ...planWith({}).plans, "org/free": planWith({}).plans.free } })).toHaveLength(1);
    const { house } = providerWith({}).providers;
    expect(faultsWith({ providers: { house, "org/house": house } })).toHaveLength(1);
  });
});

const faultsOfHeader = (name: string, value: unknown = "yes") =>
  faultsWith(providerWith({ headers: { [name]: value } }));

describe("the headers of a provider", () => {
  it.each(["anthropic-version", "openai-organization", "x-title"])("may be any constant header: %s", (name) => {
    expect(faultsOfHeader(name)).toEqual([]);
  });

  it.each(["authorization", "content-type", "transfer-encoding", "host", "cookie", "cf-connecting-ip", "x-api-key"])(
    "may not be headers that Weir writes, or that identify the caller: %s",
    (name) => {
      expect(faultsOfHeader(name)).toEqual([`providers.house.headers.${name}: is a header that Weir writes itself`]);
    },
  );

  it.each(["X-Title", "x title", "", "x\r\ny", "x_title", "a".repeat(65)])("have valid names: %j", (name) => {
    expect(faultsOfHeader(name)).toEqual([
      `providers.house.headers.${name}: may contain only lowercase letters, digits and '-'`,
    ]);
  });

  it.each(["a\r\nx-evil: 1", "\u0000", "é", "a".repeat(501), 7])("have a value of one printable line: %j", (value) => {
    expect(faultsOfHeader("x-title", value)).toEqual([expect.stringMatching(/^providers\.house\.headers\.x-title: /)]);
  });
});
