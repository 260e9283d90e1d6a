// The catalog with a fine-tuned model, and the checks of the card field `fine_tuning`.

import { describe, expect, it } from "vitest";
import { parseCatalog, warningsOf } from "../../../../src/core/catalog/parse.ts";
import { isAllowed } from "../../../../src/core/catalog/choose.ts";
import { resolveModel } from "../../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { lookup } from "../../../../src/core/catalog/schema.ts";
// Installs the sections of all features.
import "../../../../src/features.ts";
import { withFineTuned } from "../../../../src/features/fine-tuning/own-models.ts";

const NAME = "ft:swift-1:house::1";
const PRICES = { input: 2, output: 4 };
const WINDOWS = [{ unit: "usd", per: "day", limit: 1 }];

const documentOf = (tuning: object, changes: object = {}, plans: object = {}) => ({
  schema: 1,
  providers: { house: { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" } },
  cards: {
    swift: {
      provider: "house",
      name: "Swift",
      prices: { input: 1, output: 2, million_training_tokens: 5 },
      modalities: { input: ["text"], output: ["text"] },
      endpoints: ["chat_completions", "fine_tuning"],
      fine_tuning: { methods: ["supervised"], prices: PRICES, ...tuning },
      snapshots: { "swift-1": { shutdown_date: "2027-06-01" } },
      ...changes,
    },
  },
  aliases: { default: { target: "swift-1" } },
  default_plan: "basic",
  plans: { basic: { windows: WINDOWS, concurrent: 1, max_output_tokens: 100 }, ...plans },
});

function catalogOf(...parts: Parameters<typeof documentOf>): Catalog {
  const parsed = parseCatalog(documentOf(...parts));
  if (!parsed.ok) throw new Error(parsed.faults.join());
  return parsed.catalog;
}

const faultsOf = (...parts: Parameters<typeof documentOf>) => {
  const parsed = parseCatalog(documentOf(...parts));
  return parsed.ok ? [] : parsed.faults;
};

describe("a fine-tuned model", () => {
  it("has the card of its base, its own prices and the end of its base", () => {
    const catalog = catalogOf({});
    const resolution = resolveModel(withFineTuned(catalog, NAME, "swift-1") ?? catalog, NAME, "2027-05-31");
    expect(resolution).toMatchObject({
      kind: "found",
      model: { id: "swift", snapshot: NAME, card: { name: "Swift", prices: PRICES } },
      sunset: { date: "2027-06-01" },
    });
    expect(lookup(catalog.cards, "swift").prices?.input).toBe(1);
    expect(resolveModel(catalog, NAME, "2027-05-31").kind).toBe("unknown");
  });

  it.each([
    [undefined, true],
    [["swift"], true],
    [["swift-1"], true],
    [["default"], false],
  ])("of a plan with the models %j is allowed like its base: %j", (models, expected) => {
    const plan = { windows: WINDOWS, concurrent: 1, max_output_tokens: 100, ...(models && { models }) };
    const catalog = withFineTuned(catalogOf({}, {}, { other: plan }), NAME, "swift-1");
    if (!catalog) throw new Error("no catalog");
    const resolution = resolveModel(catalog, NAME, "2027-05-31");
    if (resolution.kind !== "found") throw new Error(resolution.kind);
    expect(isAllowed(lookup(catalog.plans, "other"), resolution.model)).toBe(expected);
  });

  it("does not exist without its base, and without a price", () => {
    expect(withFineTuned(catalogOf({}), NAME, "swift-2")).toBeUndefined();
    expect(withFineTuned(catalogOf({}, { fine_tuning: undefined }), NAME, "swift-1")).toBeUndefined();
  });
});

describe("a card", () => {
  const CEILING = { reinforcement: { max_training_seconds: 3600, usd_per_hour: 100 } };
  const TOKENS = { windows: [{ unit: "tokens", per: "day", limit: 1 }], concurrent: 1, max_output_tokens: 100 };

  it("needs a price of training when dollars are counted", () => {
    expect(faultsOf({}, { prices: { input: 1, output: 2 } })).toEqual([
      "cards.swift.fine_tuning.methods: need prices.million_training_tokens, since a plan or the budget counts dollars",
    ]);
  });

  it("with reinforcement needs dollars in every plan that includes it", () => {
    expect(faultsOf(CEILING, {}, { other: { ...TOKENS, models: ["swift-1"] } })).toEqual([
      "cards.swift.fine_tuning.reinforcement: the plan 'other' needs a window that counts usd",
    ]);
    expect(faultsOf({}, {}, { other: TOKENS })).toEqual([]);
  });

  it("without the endpoint is published with a warning", () => {
    expect(warningsOf(catalogOf({}, { endpoints: ["chat_completions"] }))).toEqual([
      "cards.swift.fine_tuning: has no effect without the endpoint fine_tuning",
    ]);
  });
});
