// What no schema can say of a catalog: every name in it leads somewhere, and its parts agree. Each fault has its path.

import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument } from "../../../support/catalog-documents.ts";

/** The faults of the shortest catalog with those changes; none when it is valid. */
function faultsWith(changes: Document): string[] {
  const parsed = parseCatalog(catalogDocument(changes));
  return parsed.ok ? [] : parsed.faults;
}
const cardsWith = (changes: Document) => ({ cards: { swift: cardDocument({ "swift-1": {} }, changes) } });
const aliasesWith = (aliases: Document) => ({ aliases: { default: { target: "swift-1" }, ...aliases } });
const planWith = (changes: Document) => ({
  plans: { free: { windows: [], concurrent: 1, max_output_tokens: 16, ...changes } },
});
const pathsOf = (faults: string[]) => faults.map((fault) => fault.split(":")[0]);

describe("a name that leads nowhere", () => {
  it.each<[string, Document, string]>([
    ["a card's provider", cardsWith({ provider: "nobody" }), "cards.swift.provider: no provider 'nobody'"],
    ["a model to compare with", cardsWith({ compare: ["swift-1", "slow"] }), "cards.swift.compare: no model 'slow'"],
    [
      "a snapshot's successor",
      { cards: { swift: cardDocument({ "swift-1": { successor: "swift-9" } }) } },
      "cards.swift.snapshots.swift-1.successor: no model 'swift-9'",
    ],
    ["an alias", aliasesWith({ fast: { target: "swift-9" } }), "aliases.fast.target: no model 'swift-9'"],
    ["a card for an alias", aliasesWith({ fast: { target: "swift" } }), "aliases.fast.target: no model 'swift'"],
    [
      "a fallback",
      aliasesWith({ fast: { target: "swift-1", fallback: ["default", "swift-9"] } }),
      "aliases.fast.fallback: no model 'swift-9'",
    ],
    [
      "a window's card",
      planWith({ windows: [{ unit: "tokens", per: "day", limit: 15, models: ["swift-1"] }] }),
      "plans.free.windows: no card 'swift-1'",
    ],
    [
      "a plan's model",
      planWith({ models: ["default", "swift", "swift-1", "fast"] }),
      "plans.free.models: no model 'fast'",
    ],
    ["the default plan", { default_plan: "gold" }, "default_plan: no plan 'gold'"],
    [
      "the model of requests that name none",
      { aliases: { latest: { target: "swift-1" } } },
      "aliases.default: is needed, for requests that name no model",
    ],
  ])("is a fault with its path: %s", (_what, changes, fault) => {
    expect(faultsWith(changes)).toEqual([fault]);
  });

  it.each<[string, Document]>([
    ["cards.swift.provider", cardsWith({ provider: "constructor" })],
    ["cards.swift.compare", cardsWith({ compare: ["hasOwnProperty"] })],
    [
      "cards.swift.snapshots.swift-1.successor",
      { cards: { swift: cardDocument({ "swift-1": { successor: "toString" } }) } },
    ],
    ["aliases.default.target", { aliases: { default: { target: "valueOf" } } }],
    ["aliases.default.fallback", { aliases: { default: { target: "swift-1", fallback: ["valueOf"] } } }],
    ["plans.free.models", planWith({ models: ["constructor"] })],
    ["default_plan", { default_plan: "constructor" }],
  ])("is a fault at %s even when Object has a property of that name", (path, changes) => {
    expect(pathsOf(faultsWith(changes))).toEqual([path]);
  });

  it("does not include an alias of an alias, nor a successor or a fallback that is an alias", () => {
    const cards = { swift: cardDocument({ "swift-1": { successor: "latest" }, "swift-2": {} }) };
    const aliases = { latest: { target: "swift-2" }, default: { target: "latest", fallback: ["latest", "swift-1"] } };
    expect(faultsWith({ cards, aliases })).toEqual([]);
  });

  it("is told with all others at once", () => {
    const changes = { ...cardsWith({ provider: "nobody" }), default_plan: "gold", aliases: {} };
    expect(pathsOf(faultsWith(changes))).toEqual(["cards.swift.provider", "aliases.default", "default_plan"]);
  });
});

describe("a name that leads to two things", () => {
  it("is a fault as an alias that is a snapshot too", () => {
    expect(faultsWith(aliasesWith({ "swift-1": { target: "swift-1" } }))).toContain(
      "aliases.swift-1: is a snapshot too",
    );
  });

  it("is a fault as a snapshot that two cards have, and says which other", () => {
    const cards = { swift: cardDocument({ "swift-1": {} }), other: cardDocument({ "swift-1": {} }) };
    expect(faultsWith({ cards })).toEqual(["cards.other.snapshots.swift-1: is in the card 'swift' too"]);
  });

  it("is none as a card and its snapshot, or a card and its alias", () => {
    const cards = { swift: cardDocument({ swift: {} }), keen: cardDocument({ "keen-1": {} }) };
    const aliases = { default: { target: "swift" }, keen: { target: "keen-1" } };
    expect(faultsWith({ cards, aliases })).toEqual([]);
  });
});

describe("parts that do not agree", () => {
  const seeing = { modalities: { input: ["text", "image"], output: ["text"] } };

  it("are a strict alias and its fallback", () => {
    const fast = { target: "swift-1", strict: true, fallback: ["default"] };
    expect(faultsWith(aliasesWith({ fast }))).toEqual(["aliases.fast.fallback: a strict alias has none"]);
  });

  it.each([{}, { image_tokens: 0 }])("are a chat that takes images and no ceiling for one: %j", (ceiling) => {
    expect(faultsWith(cardsWith({ ...seeing, ...ceiling }))).toEqual([
      "cards.swift.image_tokens: is needed, since the model takes images",
    ]);
  });

  it("agree when images have a ceiling, or when the model does not chat", () => {
    expect(faultsWith(cardsWith({ ...seeing, image_tokens: 1000 }))).toEqual([]);
    expect(faultsWith(cardsWith({ ...seeing, endpoints: ["moderation"] }))).toEqual([]);
  });
});

const uncounted = (id: string) => `plans.free.windows: counts no '${id}', where its models go when they end`;

describe("a fault of sense", () => {
  it("is a chat that costs nothing under a plan that counts dollars, and a background that nothing keeps", () => {
    const dollars = planWith({ windows: [{ unit: "usd", per: "day", limit: 1 }] });
    expect(faultsWith(dollars)).toContain("cards.swift.prices: is needed, since a plan counts dollars");
    const others = planWith({ windows: [{ unit: "usd", per: "day", limit: 1, models: ["paid"] }] });
    const prices = { prices: { input: 1, output: 2 } };
    const cards = { swift: cardDocument({ "swift-1": {} }), paid: cardDocument({ "paid-1": {} }, prices) };
    expect(faultsWith({ ...others, cards })).toEqual([]);
    expect(faultsWith({ ...dollars, cards: { swift: cardDocument({ "swift-1": {} }, prices) } })).toEqual([]);
    expect(faultsWith({ responses: { background: true } })).toEqual(["responses.background: needs responses.store"]);
    expect(faultsWith({ responses: { background: true, store: true } })).toEqual([]);
  });

  it("is an alias that leads in a circle", () => {
    const circle = { one: { target: "other" }, other: { target: "one" } };
    expect(faultsWith(aliasesWith(circle))).toEqual([
      "aliases.one.target: leads in a circle",
      "aliases.other.target: leads in a circle",
    ]);
  });

  it("is a window that its models leave when they end, so that its limit would end with them", () => {
    const cards = {
      swift: cardDocument({ "swift-1": { shutdown_date: "2026-02-01", successor: "keen-1" } }),
      keen: cardDocument({ "keen-1": {} }),
      dull: cardDocument({ "dull-1": {} }),
    };
    const aliases = { default: { target: "swift-1", fallback: ["dull-1"] } };
    const counting = (models: string[]) =>
      faultsWith({ cards, aliases, ...planWith({ windows: [{ unit: "tokens", per: "day", limit: 1, models }] }) });
    expect(counting(["swift"])).toEqual([uncounted("keen"), uncounted("dull")]);
    expect(counting(["swift", "keen", "dull"])).toEqual([]);
    expect(counting(["keen"])).toEqual([]);
  });

  it("is the same window twice", () => {
    const window = { unit: "tokens", per: "day", limit: 5 };
    expect(faultsWith(planWith({ windows: [window, { ...window, limit: 7 }] }))).toEqual([
      "plans.free.windows: has 'tokens/day' twice",
    ]);
  });
});
