// Faults that the catalog's schema cannot express: names that lead nowhere, and parts that contradict each other.

import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument } from "../../../support/catalog-documents.ts";

/** The faults of the shortest catalog with those changes; none when it is valid. */
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
const pathsOf = (faults: string[]) => faults.map((fault) => fault.split(":")[0]);

describe("a name that leads nowhere", () => {
  it.each<[string, Document]>([
    ["cards.swift.provider: no provider 'nobody'", cardWith({ provider: "nobody" })],
    ["cards.swift.provider: no provider 'constructor'", cardWith({ provider: "constructor" })],
    ["cards.swift.compare: no model 'slow'", cardWith({ compare: ["swift-1", "slow"] })],
    ["cards.swift.snapshots.swift-1.successor: no model 'toString'", successorWith("toString")],
    ["aliases.fast.target: no model 'swift-9'", aliasesWith({ fast: { target: "swift-9" } })],
    // A card's name is no model.
    ["aliases.fast.target: no model 'swift'", aliasesWith({ fast: { target: "swift" } })],
    [
      "aliases.fast.fallback: no model 'swift-9'",
      aliasesWith({ fast: { target: "swift-1", fallback: ["default", "swift-9"] } }),
    ],
    ["plans.free.windows: no card 'swift-1'", planWith({ windows: [window({ models: ["swift-1"] })] })],
    ["plans.free.models: no model 'fast'", planWith({ models: ["default", "swift", "swift-1", "fast"] })],
    ["default_plan: no plan 'constructor'", { default_plan: "constructor" }],
    ["aliases.default: is needed, for requests that name no model", { aliases: { latest: { target: "swift-1" } } }],
  ])("is a fault: %s", (fault, changes) => {
    expect(faultsWith(changes)).toEqual([fault]);
  });

  it("does not include an alias of an alias, nor a successor or fallback that is an alias", () => {
    const cards = { swift: cardDocument({ "swift-1": { successor: "latest" }, "swift-2": {} }) };
    const aliases = { latest: { target: "swift-2" }, default: { target: "latest", fallback: ["latest", "swift-1"] } };
    expect(faultsWith({ cards, aliases })).toEqual([]);
  });

  it("is told together with all others", () => {
    const changes = { ...cardWith({ provider: "nobody" }), default_plan: "gold", aliases: {} };
    expect(pathsOf(faultsWith(changes))).toEqual(["cards.swift.provider", "aliases.default", "default_plan"]);
  });
});

describe("a name with two meanings", () => {
  it("is a fault for an alias and a snapshot, and for a snapshot of two cards", () => {
    expect(faultsWith(aliasesWith({ "swift-1": { target: "swift-1" } }))).toContain(
      "aliases.swift-1: is a snapshot too",
    );
    const cards = { swift: cardDocument({ "swift-1": {} }), other: cardDocument({ "swift-1": {} }) };
    expect(faultsWith({ cards })).toEqual(["cards.other.snapshots.swift-1: is in the card 'swift' too"]);
  });

  it("is no fault for a card and its snapshot, or a card and its alias", () => {
    const cards = { swift: cardDocument({ swift: {} }), keen: cardDocument({ "keen-1": {} }) };
    const aliases = { default: { target: "swift" }, keen: { target: "keen-1" } };
    expect(faultsWith({ cards, aliases })).toEqual([]);
  });
});

const SEEING = { modalities: { input: ["text", "image"], output: ["text"] } };
const NO_CEILING = ["cards.swift.image_tokens: is needed, since the model takes images"];
const NO_PRICE = ["cards.swift.prices: is needed, since a plan counts dollars"];
const PRICES = { prices: { input: 1, output: 2 } };
const dollars = (changes: Document = {}) => planWith({ windows: [window({ unit: "usd", ...changes })] });

const uncounted = (id: string) => `plans.free.windows: counts no '${id}', where its models go when they end`;

describe("parts that contradict each other", () => {
  it.each<[string, Document, string[]]>([
    [
      "a strict alias with a fallback",
      aliasesWith({ fast: { target: "swift-1", strict: true, fallback: ["default"] } }),
      ["aliases.fast.fallback: a strict alias has none"],
    ],
    ["a chat model that takes images without a ceiling", cardWith(SEEING), NO_CEILING],
    ["a ceiling of nothing", cardWith({ ...SEEING, image_tokens: 0 }), NO_CEILING],
    ["a ceiling for images", cardWith({ ...SEEING, image_tokens: 1000 }), []],
    ["images for a model that does not chat", cardWith({ ...SEEING, endpoints: ["moderation"] }), []],
    ["a window of dollars and a card without prices", dollars(), NO_PRICE],
    ["a window of dollars and a card with prices", { ...dollars(), ...cardWith(PRICES) }, []],
    [
      "a window of dollars for another card",
      {
        ...dollars({ models: ["paid"] }),
        cards: { swift: cardDocument({ "swift-1": {} }), paid: cardDocument({ "paid-1": {} }, PRICES) },
      },
      [],
    ],
    [
      "background without storage",
      { responses: { background: true } },
      ["responses.background: needs responses.store"],
    ],
    ["background with storage", { responses: { background: true, store: true } }, []],
    [
      "aliases in a circle",
      aliasesWith({ one: { target: "other" }, other: { target: "one" } }),
      ["aliases.one.target: leads in a circle", "aliases.other.target: leads in a circle"],
    ],
    [
      "the same window twice",
      planWith({ windows: [window({ limit: 5 }), window({ limit: 7 })] }),
      ["plans.free.windows: has 'tokens/day' twice"],
    ],
  ])("are faults or not: %s", (_what, changes, faults) => {
    expect(faultsWith(changes)).toEqual(faults);
  });

  it("are a window and the successors or fallbacks of its models, where it does not count these", () => {
    const cards = {
      swift: cardDocument({ "swift-1": { shutdown_date: "2026-02-01", successor: "keen-1" } }),
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

  it("are an alias's effort and the efforts of its card, now and after its end", () => {
    const cards = {
      swift: cardDocument(
        { "swift-1": { shutdown_date: "2026-02-01", successor: "keen-1" } },
        { reasoning: { efforts: ["low"] } },
      ),
      keen: cardDocument({ "keen-1": {} }, { reasoning: { efforts: ["high"] } }),
    };
    const fixing = (effort: string) => faultsWith({ cards, ...aliasesWith({ fast: { target: "swift-1", effort } }) });
    expect([fixing("low"), fixing("high")]).toEqual([[], []]);
    expect(fixing("max")).toEqual([
      "aliases.fast.effort: 'max' is no effort of the card 'swift', nor of its successor",
    ]);
  });
});
