// The catalog as it is shown, for any card: what is not supported too, aliases and successors, and prices side by side.

import { describe, expect, it } from "vitest";
import { FEATURES, MODALITIES, TOOLS } from "../../../../src/core/catalog/card.ts";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import { compareModels, toModelObject } from "../../../../src/features/models/present.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { modelsOf } from "../../../../src/core/catalog/support.ts";
import { ENDPOINTS } from "../../../../src/core/catalog/endpoints.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";

const BUNDLED = bundledCatalog();
const NOW = Date.parse("2026-11-23");
const show = (catalog: Catalog, asked: string, now = NOW) => toModelObject(catalog, asked, now);

const supported = (table: { name: string; supported: boolean }[]) =>
  table.filter((row) => row.supported).map(({ name }) => name);

describe("a model as it is shown", () => {
  it("under its snapshot's name is the same card as under its alias", () => {
    const [alias, snapshot] = [show(BUNDLED, "o3"), show(BUNDLED, "o3-2025-04-16")];
    expect(snapshot).toEqual({ ...alias, id: "o3-2025-04-16" });
  });

  it("that has ended is still shown, with who answers in its place", () => {
    expect(show(BUNDLED, "o4-mini")).toMatchObject({
      id: "o4-mini",
      snapshot: "o4-mini-2025-04-16",
      answered_by: "gpt-5-mini-2025-08-07",
      shutdown_date: "2026-10-23",
      created: Date.UTC(2025, 3, 16) / 1000,
      card: { id: "o4-mini", name: "o4-mini", default: true },
    });
    expect(show(BUNDLED, "o4-mini-2025-04-16")).toMatchObject({ answered_by: null, card: { id: "o4-mini" } });
  });

  it("without dates has none", () => {
    expect(show(complete(catalogDocument()), "default")).toMatchObject({ created: 0, shutdown_date: null });
  });

  it("without prices has no price among its ratings, and keeps those that it has", () => {
    const ratings = { speed: 4 };
    const card = cardDocument({ "swift-1": {} }, { ratings });
    expect(show(complete(catalogDocument()), "default").card.ratings).toEqual({ price: null });
    expect(show(complete(catalogDocument({ cards: { swift: card } })), "default").card.ratings).toEqual({
      ...ratings,
      price: null,
    });
  });

  it("says of everything that there is whether the card has it", () => {
    for (const { asked, meant: card } of modelsOf(BUNDLED, NOW)) {
      const shown = show(BUNDLED, asked).card;
      expect(shown.endpoints.map(({ name }) => name)).toEqual(Object.keys(ENDPOINTS));
      expect(shown.features.map(({ name }) => name)).toEqual(Object.keys(FEATURES));
      expect(shown.tools.map(({ name }) => name)).toEqual(Object.keys(TOOLS));
      expect(Object.keys(shown.modalities)).toEqual(Object.keys(MODALITIES));
      expect(new Set(supported(shown.endpoints))).toEqual(new Set(card.endpoints));
      expect(new Set(supported(shown.features))).toEqual(new Set(card.features));
      expect(new Set(supported(shown.tools))).toEqual(new Set(card.tools));
    }
  });
});

describe("the snapshots of a card", () => {
  const ended = { shutdown_date: "2026-02-01" };
  const catalog = complete(
    catalogDocument({
      cards: {
        swift: cardDocument({
          "swift-1": { ...ended, successor: "latest" },
          "swift-2": { ...ended, successor: "keen-1" },
        }),
        keen: cardDocument({ "keen-1": { successor: "swift-2" }, "keen-2": {} }),
      },
      aliases: {
        default: { target: "latest" },
        latest: { target: "swift-2" },
        old: { target: "swift-1" },
        keen: { target: "keen-1", fallback: ["keen-2"] },
      },
    }),
  );
  const snapshotsOf = (asked: string) => {
    const { snapshots } = show(catalog, asked, Date.parse("2026-01-01")).card;
    return Object.fromEntries(snapshots.map(({ id, aliases, successors }) => [id, { aliases, successors }]));
  };

  it("name the aliases that stand for each, through other aliases too", () => {
    const { "swift-1": first, "swift-2": second } = snapshotsOf("swift-1");
    expect([first?.aliases, second?.aliases]).toEqual([["old"], ["default", "latest"]]);
    expect(snapshotsOf("keen")["keen-2"]?.aliases).toEqual([]);
  });

  it("name the snapshots that follow, over aliases, and end where that is a circle", () => {
    const { "swift-1": first, "swift-2": second } = snapshotsOf("swift-1");
    expect(first?.successors).toEqual(["swift-2", "keen-1"]);
    expect(second?.successors).toEqual(["keen-1"]);
    expect(snapshotsOf("keen")).toMatchObject({ "keen-1": { successors: ["swift-2"] }, "keen-2": { successors: [] } });
  });
});

const idsOf = (...names: string[]) => compareModels(BUNDLED, names, NOW).data.map(({ id }) => id);

describe("a comparison", () => {
  it("has each model once, the dearest input first, and those of the same price as they were asked for", () => {
    expect(idsOf("o3-mini", "o4-mini", "o3", "o4-mini")).toEqual(["o3", "o3-mini", "o4-mini"]);
    expect(idsOf("gpt-5-mini", "o4-mini", "o3", "o3-mini")).toEqual(["o3", "o4-mini", "o3-mini", "gpt-5-mini"]);
    expect(idsOf()).toEqual([]);
  });

  it("has nulls where there is no price, and puts such a model last", () => {
    const { data } = compareModels(BUNDLED, ["whisper-1", "text-embedding-3-small"], NOW);
    expect(data.map(({ id }) => id)).toEqual(["text-embedding-3-small", "whisper-1"]);
    expect(data[1]).toMatchObject({ name: "Whisper", input: null, cached_input: null, output: null });
  });

  it("is of what the names stand for, ended or not, and says who answers today", () => {
    const { data } = compareModels(BUNDLED, ["o4-mini", "o4-mini-2025-04-16", "sora-2"], NOW);
    expect(data).toMatchObject([
      { id: "o4-mini", name: "o4-mini", input: 1.1, shutdown_date: "2026-10-23", answered_by: "gpt-5-mini-2025-08-07" },
      { id: "o4-mini-2025-04-16", name: "o4-mini", input: 1.1, shutdown_date: "2026-10-23", answered_by: null },
      { id: "sora-2", name: "Sora 2", input: null, shutdown_date: "2026-09-24", answered_by: null },
    ]);
  });

  it.each(["gpt-9", "constructor", "", "swift"])("with a name that there is not is 404: '%s'", async (name) => {
    const error = await refusalOf(() => compareModels(BUNDLED, ["o4-mini", name], NOW));
    expect(error).toMatchObject({ status: 404, body: { code: "model_not_found", param: "model" } });
    expect(error.body.message).toContain(`'${name}'`);
  });

  it("with what a card sets beside itself is there for every card of the bundled catalog", () => {
    for (const { card } of modelsOf(BUNDLED, Date.parse("2026-01-01"))) {
      expect(compareModels(BUNDLED, card.compare, NOW).data).toHaveLength(card.compare.length);
    }
  });

  it("with what a card sets beside itself is there for every catalog without faults", () => {
    // Its card can be compared by name only where a model answers to that name, too.
    const cards = {
      swift: cardDocument({ "swift-1": {} }, { compare: ["keen"] }),
      keen: cardDocument({ "keen-1": {} }),
    };
    const parsed = parseCatalog(catalogDocument({ cards }));
    if (!parsed.ok) return;
    expect(() => compareModels(parsed.catalog, ["default", "keen"], NOW)).not.toThrow();
  });
});
