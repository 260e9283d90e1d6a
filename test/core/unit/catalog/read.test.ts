// Catalogs of a later version of Weir: refused when published, read with what this version knows.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as v from "valibot";
import { parseCatalog, readCatalog } from "../../../../src/core/catalog/parse.ts";
import { installedSections, installSections } from "../../../../src/core/catalog/sections.ts";

const later = () => ({
  schema: 1,
  providers: { house: { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY", region: "eu" } },
  cards: {
    swift: {
      provider: "house",
      name: "Swift",
      modalities: { input: ["text", "smell"], output: ["text"] },
      endpoints: ["telepathy", "chat_completions"],
      refuses: { telepathy: ["stop"], chat_completions: ["seed"] },
      prices: { input: 1, output: 2, second_of_thought: 3 },
      snapshots: { "swift-1": {} },
    },
  },
  aliases: { default: { target: "swift-1", mood: "calm" } },
  default_plan: "free",
  plans: {
    free: { windows: [{ unit: "tokens", per: "day", limit: 1000 }], concurrent: 1, max_output_tokens: 100, colour: 1 },
  },
  horoscopes: { enabled: true },
});

const UNKNOWN = [
  "aliases.default.mood",
  "cards.swift.endpoints.0",
  "cards.swift.modalities.input.1",
  "cards.swift.prices.second_of_thought",
  "cards.swift.refuses.telepathy",
  "horoscopes",
  "plans.free.colour",
  "providers.house.region",
];

describe("a catalog with sections, fields and words that this version does not know", () => {
  it("is refused when it is published, with the path of each", () => {
    const parsed = parseCatalog(later());
    const paths = parsed.ok ? [] : parsed.faults.map((fault) => fault.split(":")[0] ?? "");
    expect(paths.toSorted()).toEqual(UNKNOWN);
  });

  it("is read without them, and everything else holds", () => {
    const read = readCatalog(later());
    if (!read.ok) throw new Error(read.faults.join("; "));
    expect(read.ignored.toSorted()).toEqual(UNKNOWN);
    const { cards, plans } = read.catalog;
    expect(cards["swift"]).toMatchObject({ endpoints: ["chat_completions"], refuses: { chat_completions: ["seed"] } });
    expect(cards["swift"]?.modalities.input).toEqual(["text"]);
    expect(plans["free"]?.windows).toEqual([{ unit: "tokens", per: "day", limit: 1000 }]);
  });

  it("is not read when anything else is wrong with it", () => {
    const wrong = { ...later(), default_plan: "none" };
    expect(readCatalog(wrong)).toEqual({ ok: false, faults: ["default_plan: no plan 'none'"] });
    const senseless = { ...later(), min_output_tokens: -1 };
    expect(readCatalog(senseless).ok).toBe(false);
  });

  it("is read although its plans bound no cost, which an earlier version allowed to publish", () => {
    const { providers: _, ...rest } = later();
    const providers = { house: { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" } };
    const plans = { free: { windows: [], concurrent: 1, max_output_tokens: 100 } };
    expect(readCatalog({ ...rest, providers, plans })).toMatchObject({ ok: true, catalog: { plans } });
  });

  it("is never changed by reading it", () => {
    const document = later();
    readCatalog(document);
    expect(document).toEqual(later());
  });
});

describe("a section of a feature", () => {
  const horoscopes = v.optional(v.strictObject({ enabled: v.optional(v.boolean(), false) }), {});
  const before = installedSections();
  beforeAll(() =>
    installSections([
      {
        root: { horoscopes },
        card: { sign: v.optional(v.picklist(["aries"]), "aries") },
        alias: { mood: v.optional(v.string()) },
        faults: (catalog) =>
          "mood" in (catalog.aliases["default"] ?? {}) ? ["aliases.default.mood: is always bad"] : [],
      },
    ]),
  );
  afterAll(() => installSections(before));

  it("is part of the schema, with its defaults and its faults", () => {
    const { providers: _, ...rest } = later();
    const providers = { house: { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" } };
    const read = readCatalog({ ...rest, providers });
    expect(read).toEqual({ ok: false, faults: ["aliases.default.mood: is always bad"] });
    const aliases = { default: { target: "swift-1" } };
    const fine = readCatalog({ ...rest, providers, aliases, horoscopes: {} });
    expect(fine.ok && fine.catalog).toMatchObject({
      horoscopes: { enabled: false },
      cards: { swift: { sign: "aries" } },
    });
  });
});
