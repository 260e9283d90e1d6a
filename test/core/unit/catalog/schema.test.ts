// The catalog's schema: the bundled document is complete, a faulty one is told where, and a short one gets its defaults.

import { describe, expect, it } from "vitest";
import bundled from "../../../../src/core/catalog/default.json" with { type: "json" };
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import {
  bundledCard,
  bundledCatalog,
  cardDocument,
  catalogDocument,
  complete,
} from "../../../support/catalog-documents.ts";

/** The faults of a document; none when it is valid. */
function faultsOf(document: unknown): string[] {
  const parsed = parseCatalog(document);
  return parsed.ok ? [] : parsed.faults;
}
const faultsWith = (changes: Document) => faultsOf(catalogDocument(changes));
const cardsWith = (changes: Document) => ({ cards: { swift: cardDocument({ "swift-1": {} }, changes) } });

const aliasesWith = (changes: Document, name = "default") => ({
  aliases: { default: { target: "swift-1" }, [name]: { target: "swift-1", ...changes } },
});
const providersWith = (changes: Document) => ({
  providers: { house: { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY", ...changes } },
});

describe("the bundled catalog", () => {
  it("has no faults", () => {
    expect(faultsOf(bundled)).toEqual([]);
  });

  it("knows the basic figures of o4-mini", () => {
    expect(bundledCard("o4-mini")).toMatchObject({
      context_window: 200_000,
      max_output_tokens: 100_000,
      knowledge_cutoff: "2024-06-01",
      prices: { input: 1.1, cached_input: 0.275, output: 4.4 },
      modalities: { input: ["text", "image"], output: ["text"] },
      reasoning: { efforts: ["low", "medium", "high"] },
      endpoints: ["chat_completions", "responses", "batch", "fine_tuning"],
    });
  });

  // Figures of plans are nobody's promise: a fork changes them first.
  it("has plans that can serve a chat", () => {
    for (const plan of Object.values(bundledCatalog().plans)) {
      expect(plan.windows.map(({ unit }) => unit)).toContain("tokens");
      expect(plan.max_output_tokens).toBeGreaterThan(0);
    }
  });

  it("gives every chat model that takes images a ceiling for one", () => {
    const chats = Object.entries(bundledCatalog().cards).filter(([, card]) =>
      card.endpoints.includes("chat_completions"),
    );
    const seeing = chats.filter(([, card]) => card.modalities.input.includes("image"));
    expect(seeing.length).toBeGreaterThan(0);
    expect(seeing.filter(([, card]) => !card.image_tokens).map(([id]) => id)).toEqual([]);
  });

  it("gives every chat model limits of its own, so that its input and output are bounded", () => {
    const chats = Object.entries(bundledCatalog().cards).filter(([, card]) =>
      card.endpoints.includes("chat_completions"),
    );
    expect(chats.filter(([, card]) => !card.context_window || !card.max_output_tokens).map(([id]) => id)).toEqual([]);
  });
});

describe("a short document", () => {
  it("is completed with every default", () => {
    const { min_output_tokens, timing, cards, aliases, providers } = complete(catalogDocument());
    expect(min_output_tokens).toBe(256);
    expect(timing).toEqual({
      first_byte_ms: 120_000,
      idle_ms: 60_000,
      total_ms: 600_000,
      keep_alive_ms: 15_000,
      coalesce_ms: 40,
      leave_ms: 25_000,
      lease_grace_ms: 90_000,
    });
    expect(cards.swift).toMatchObject({ tagline: "", features: [], tools: [], refuses: {} });
    expect(cards.swift).toMatchObject({ default: false, compare: [], output_parameter: "max_completion_tokens" });
    expect(aliases.default).toEqual({ target: "swift-1", strict: false, fallback: [] });
    expect(providers.house).toMatchObject({ headers: {}, counts_input: false, lists_models: true });
    expect(providers.house).not.toHaveProperty("endpoints");
  });

  it("keeps what it says itself", () => {
    const { min_output_tokens, timing } = complete(
      catalogDocument({ min_output_tokens: 0, timing: { total_ms: 5000 } }),
    );
    expect(min_output_tokens).toBe(0);
    expect(timing).toMatchObject({ total_ms: 5000, idle_ms: 60_000 });
  });

  it("assumes that a reasoning model thinks, where it does not say how much", () => {
    const { cards } = complete(catalogDocument(cardsWith({ reasoning: { efforts: ["low"] } })));
    expect(cards.swift?.reasoning).toEqual({ efforts: ["low"], allowance: 1024 });
  });
});

describe("a fault in the shape", () => {
  it.each<[string, Document, string]>([
    ["a string for a number", cardsWith({ context_window: "200k" }), "cards.swift.context_window"],
    ["half a token", cardsWith({ image_tokens: 1.5 }), "cards.swift.image_tokens"],
    ["a negative price", cardsWith({ prices: { input: -1, output: 1 } }), "cards.swift.prices.input"],
    [
      "a long context that costs less than a short one, which would lower the bound",
      cardsWith({
        prices: {
          input: 1,
          output: 1,
          long_context: { above_input_tokens: 10, input_times: 0.5, output_times: 1 },
        },
      }),
      "cards.swift.prices.long_context.input_times",
    ],
    ["a date that is none", cardsWith({ knowledge_cutoff: "June 2024" }), "cards.swift.knowledge_cutoff"],
    ["an endpoint that OpenAI does not have", cardsWith({ endpoints: ["chat"] }), "cards.swift.endpoints.0"],
    [
      "a modality that is none",
      cardsWith({ modalities: { input: ["smell"], output: [] } }),
      "cards.swift.modalities.input.0",
    ],
    ["an unknown field of a card", cardsWith({ colour: "blue" }), "cards.swift.colour"],
    ["an unknown field of the catalog", { planz: {} }, "planz"],
    ["a field that is missing", { plans: undefined }, "plans"],
    [
      "a plan without a request at once",
      { plans: { free: { windows: [], concurrent: 0, max_output_tokens: 16 } } },
      "plans.free.concurrent",
    ],
    [
      "a window of a unit that is not counted",
      { plans: { free: { windows: [{ unit: "words", per: "day", limit: 1 }], concurrent: 1, max_output_tokens: 16 } } },
      "plans.free.windows.0.unit",
    ],
    [
      "half a token to spend",
      {
        plans: {
          free: { windows: [{ unit: "tokens", per: "day", limit: 1.5 }], concurrent: 1, max_output_tokens: 16 },
        },
      },
      "plans.free.windows.0",
    ],
    [
      "a window that counts no model",
      {
        plans: {
          free: {
            windows: [{ unit: "usd", per: "day", limit: 1.5, models: [] }],
            concurrent: 1,
            max_output_tokens: 16,
          },
        },
      },
      "plans.free.windows.0.models",
    ],
    ["another way to leave", aliasesWith({ on_leave: "drain" }), "aliases.default.on_leave"],
    [
      "a key variable that is not called a key",
      { providers: { house: { base_url: "https://models.test", key_variable: "AUTH_SECRET" } } },
      "providers.house.key_variable",
    ],
    [
      "a base URL that is none",
      { providers: { house: { base_url: "models.test", key_variable: "HOUSE_API_KEY" } } },
      "providers.house.base_url",
    ],
    ["a deadline of days", { timing: { total_ms: 90_000_000 } }, "timing.total_ms"],
    ["another schema", { schema: 2 }, "schema"],
    ["a name with a space", aliasesWith({}, "my model"), "aliases.my model"],
    ["instructions that say nothing", aliasesWith({ instructions: "" }), "aliases.default.instructions"],
    ["an alias without any output", aliasesWith({ max_output_tokens: 0 }), "aliases.default.max_output_tokens"],
    [
      "an alias with less output than can be asked for",
      aliasesWith({ max_output_tokens: 15 }),
      "aliases.default.max_output_tokens",
    ],
    [
      "a plan with less output than can be asked for",
      { plans: { free: { windows: [], concurrent: 1, max_output_tokens: 15 } } },
      "plans.free.max_output_tokens",
    ],
    ["a fallback that is no list", aliasesWith({ fallback: "swift-1" }), "aliases.default.fallback"],
    ["an unknown field of an alias", aliasesWith({ temperature: 1 }), "aliases.default.temperature"],
    ["an endpoint that no provider has", providersWith({ endpoints: ["chat"] }), "providers.house.endpoints.0"],
    ["an unknown field of a provider", providersWith({ key: "sk-1" }), "providers.house.key"],
    ["six marks of five", cardsWith({ ratings: { speed: 6 } }), "cards.swift.ratings.speed"],
    ["a feature that is none", cardsWith({ features: ["telepathy"] }), "cards.swift.features.0"],
    ["a tool that is none", cardsWith({ tools: ["hammer"] }), "cards.swift.tools.0"],
  ])("is told with its path: %s", (_what, changes, path) => {
    const faults = faultsWith(changes);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${path}: .+`));
  });

  it("is none in the least output that can be asked for", () => {
    const plans = { free: { windows: [], concurrent: 1, max_output_tokens: 16 } };
    expect(faultsWith({ ...aliasesWith({ max_output_tokens: 16 }), plans })).toEqual([]);
  });

  it("is told when the document is no object at all", () => {
    for (const document of [null, "catalog", 7, []]) expect(faultsOf(document).join()).toMatch(/^(catalog|schema)/);
  });

  it("is told with all others at once", () => {
    const faults = faultsWith({ min_output_tokens: -1, default_plan: 7 });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["default_plan", "min_output_tokens"]);
  });
});

const faultsOfHeader = (name: string, value: unknown = "yes") =>
  faultsWith(providersWith({ headers: { [name]: value } }));

describe("the headers of a provider", () => {
  it.each(["anthropic-version", "openai-organization", "x-title", "http-referer", "accept-language"])(
    "may be any constant one: %s",
    (name) => {
      expect(faultsOfHeader(name)).toEqual([]);
      expect(complete(catalogDocument(providersWith({ headers: { [name]: "yes" } }))).providers.house?.headers).toEqual(
        {
          [name]: "yes",
        },
      );
    },
  );

  it.each([
    "authorization",
    "proxy-authorization",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "host",
    "cookie",
    "cf-connecting-ip",
    "x-forwarded-for",
  ])("may not be one that Weir writes itself, or that says who is speaking: %s", (name) => {
    expect(faultsOfHeader(name)).toEqual([`providers.house.headers.${name}: is a header that Weir writes itself`]);
  });

  it.each(["Authorization", "X-Title", "x title", "x-title:", "", "x\r\ny", "x_title", "a".repeat(65)])(
    "have names in lower case, of letters, digits and dashes: %j",
    (name) => {
      expect(faultsOfHeader(name)).toEqual([
        `providers.house.headers.${name}: must be letters in lower case, digits, -`,
      ]);
    },
  );

  it.each(["a\r\nx-evil: 1", "\u0000", "é", "a".repeat(501), 7])("have values of one printable line: %j", (value) => {
    const faults = faultsOfHeader("x-title", value);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^providers\.house\.headers\.x-title: /);
  });
});
