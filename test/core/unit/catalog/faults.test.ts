// Faults that the catalog's schema cannot express: unknown names, and parts that contradict each other.

import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument } from "../../../support/catalog-documents.ts";

/** The faults of the shortest catalog with these changes; none when it is valid. */
function faultsWith(changes: Document): string[] {
  const parsed = parseCatalog(catalogDocument(changes));
  return parsed.ok ? [] : parsed.faults;
}
const cardWith = (changes: Document) => ({ cards: { swift: cardDocument({ "swift-1": {} }, changes) } });
const successorWith = (successor: string) => ({ cards: { swift: cardDocument({ "swift-1": { successor } }) } });
const aliasesWith = (aliases: Document) => ({ aliases: { default: { target: "swift-1" }, ...aliases } });
const planWith = (changes: Document) => ({
  plans: { free: { windows: [], concurrent: 1, max_output_tokens: 16, ...changes } },
});
const window = (changes: Document) => ({ unit: "tokens", per: "day", limit: 15, ...changes });
const dollars = (changes: Document = {}) => planWith({ windows: [window({ unit: "usd", ...changes })] });
const budgetOf = (...windows: Document[]) => ({ budget: { windows } });
const fallbackTo = (name: string) => ({ fast: { target: "swift-1", fallback: ["default", name] } });

const uncounted = (id: string) => `plans.free.windows: does not count '${id}', a successor or fallback of its models`;

const SEEING = { modalities: { input: ["text", "image"], output: ["text"] } };
const NO_CEILING = "cards.swift.image_tokens: is needed, since the model takes images";
const NO_PRICE = "cards.swift.prices: input and output are needed, since a plan or the budget counts dollars";
const PRICES = { prices: { input: 1, output: 2 } };

it.each<[string, Document]>([
  ["cards.swift.provider: no provider 'nobody'", cardWith({ provider: "nobody" })],
  ["cards.swift.provider: no provider 'constructor'", cardWith({ provider: "constructor" })],
  ["cards.swift.compare: no model 'slow'", cardWith({ compare: ["swift-1", "slow"] })],
  ["cards.swift.snapshots.swift-1.successor: no model 'toString'", successorWith("toString")],
  ["aliases.fast.target: no model 'swift-9'", aliasesWith({ fast: { target: "swift-9" } })],
  // The name of a card is not a model.
  ["aliases.fast.target: no model 'swift'", aliasesWith({ fast: { target: "swift" } })],
  ["aliases.fast.fallback: no model 'swift-9'", aliasesWith(fallbackTo("swift-9"))],
  ["plans.free.windows: no card 'swift-1'", planWith({ windows: [window({ models: ["swift-1"] })] })],
  ["plans.free.models: no model 'fast'", planWith({ models: ["default", "swift", "swift-1", "fast"] })],
  ["default_plan: no plan 'constructor'", { default_plan: "constructor" }],
  ["aliases.default: is needed, for requests that name no model", { aliases: { latest: { target: "swift-1" } } }],
  [
    "aliases.swift-2: is a snapshot too",
    {
      ...aliasesWith({ "swift-2": { target: "swift-1" } }),
      cards: { swift: cardDocument({ "swift-1": {}, "swift-2": {} }) },
    },
  ],
  [
    "cards.other.snapshots.swift-1: is in the card 'swift' too",
    { cards: { swift: cardDocument({ "swift-1": {} }), other: cardDocument({ "swift-1": {} }) } },
  ],
  [
    "aliases.fast.fallback: a strict alias has none",
    aliasesWith({ fast: { target: "swift-1", strict: true, fallback: ["default"] } }),
  ],
  [NO_CEILING, cardWith(SEEING)],
  [NO_CEILING, cardWith({ ...SEEING, image_tokens: 0 })],
  [NO_PRICE, dollars()],
  [NO_PRICE, budgetOf(window({ unit: "usd" }))],
  ["budget.windows: no card 'swift-1'", budgetOf(window({ models: ["swift-1"] }))],
  ["budget.windows: has 'tokens/day' twice", budgetOf(window({}), window({}))],
  [NO_PRICE, { ...dollars(), ...cardWith({ prices: { input: 1 } }) }],
  ["aliases.one.target: the aliases form a cycle", aliasesWith({ one: { target: "one" } })],
  ["plans.free.windows: has 'tokens/day' twice", planWith({ windows: [window({ limit: 5 }), window({ limit: 7 })] })],
])("is a fault: %s", (fault, changes) => {
  expect(faultsWith(changes)).toEqual([fault]);
});

it.each<[string, Document]>([
  [
    "an alias of an alias, and a successor or fallback that is an alias",
    {
      cards: { swift: cardDocument({ "swift-1": { successor: "latest" }, "swift-2": {} }) },
      aliases: { latest: { target: "swift-2" }, default: { target: "latest", fallback: ["latest", "swift-1"] } },
    },
  ],
  [
    "a card with the name of its snapshot, and one with the name of its alias",
    {
      cards: { swift: cardDocument({ swift: {} }), keen: cardDocument({ "keen-1": {} }) },
      aliases: { default: { target: "swift" }, keen: { target: "keen-1" } },
    },
  ],
  ["images with a ceiling", cardWith({ ...SEEING, image_tokens: 1000 })],
  ["images for a model that does not chat", cardWith({ ...SEEING, endpoints: ["moderation"] })],
  ["a window of dollars for a card with prices", { ...dollars(), ...cardWith(PRICES) }],
  [
    "a window of dollars for another card",
    {
      ...dollars({ models: ["paid"] }),
      cards: { swift: cardDocument({ "swift-1": {} }), paid: cardDocument({ "paid-1": {} }, PRICES) },
    },
  ],
])("is no fault: %s", (_what, changes) => {
  expect(faultsWith(changes)).toEqual([]);
});

it("all faults are listed together", () => {
  const changes = { ...cardWith({ provider: "nobody" }), default_plan: "gold", aliases: {} };
  const paths = faultsWith(changes).map((fault) => fault.split(":")[0]);
  expect(paths).toEqual(["cards.swift.provider", "aliases.default", "default_plan"]);
});

describe("a card that ends", () => {
  const ENDS = { shutdown_date: "2026-02-01", successor: "keen-1" };

  it("needs windows that also count its successor and fallbacks", () => {
    const cards = {
      swift: cardDocument({ "swift-1": ENDS }),
      keen: cardDocument({ "keen-1": {} }),
      dull: cardDocument({ "dull-1": {} }),
    };
    const aliases = { default: { target: "swift-1", fallback: ["dull-1"] } };
    const counting = (...models: string[]) =>
      faultsWith({ cards, aliases, ...planWith({ windows: [window({ models })] }) });
    expect(counting("swift")).toEqual([uncounted("keen"), uncounted("dull")]);
    expect(counting("swift", "keen", "dull")).toEqual([]);
    expect(counting("keen")).toEqual([]);
  });

  it("allows an alias the efforts of itself and of its successor", () => {
    const cards = {
      swift: cardDocument({ "swift-1": ENDS }, { reasoning: { efforts: ["low"] } }),
      keen: cardDocument({ "keen-1": {} }, { reasoning: { efforts: ["high"] } }),
    };
    const fixing = (effort: string) => faultsWith({ cards, ...aliasesWith({ fast: { target: "swift-1", effort } }) });
    expect([fixing("low"), fixing("high")]).toEqual([[], []]);
    expect(fixing("max")).toEqual([
      "aliases.fast.effort: 'max' is not an effort of the card 'swift' or of its successor",
    ]);
  });
});
