// The catalog as GET /v1/models shows it, for any card: unsupported entries too, aliases, successors, and a comparison.

import { describe, expect, it } from "vitest";
import { FEATURES, MODALITIES, TOOLS } from "../../../../src/core/catalog/card.ts";
import { ENDPOINTS } from "../../../../src/core/catalog/endpoints.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { modelsOf } from "../../../../src/core/catalog/support.ts";
import { compareModels, toModelObject } from "../../../../src/features/models/present.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";

const BUNDLED = bundledCatalog();
const NOW = Date.parse("2026-11-23");
const show = (catalog: Catalog, requestedName: string, now = NOW) => toModelObject(catalog, requestedName, now);

const rows = (table: object, has: readonly string[]) => Object.keys(table).map((name) => [name, has.includes(name)]);

describe("a model as it is shown", () => {
  it("has the same card under its alias and its snapshot", () => {
    expect(show(BUNDLED, "o3-2025-04-16")).toEqual({ ...show(BUNDLED, "o3"), id: "o3-2025-04-16" });
  });

  it("that has ended is still shown, with the snapshot that answers today", () => {
    expect(show(BUNDLED, "o4-mini")).toMatchObject({ answered_by: "gpt-5-mini-2025-08-07", card: { id: "o4-mini" } });
    expect(show(BUNDLED, "o4-mini-2025-04-16")).toMatchObject({ answered_by: null, card: { id: "o4-mini" } });
  });

  it("without dates and prices has none", () => {
    const swift = cardDocument({ "swift-1": {} }, { ratings: { speed: 4 } });
    expect(show(complete(catalogDocument({ cards: { swift } })), "default")).toMatchObject({
      created: 0,
      shutdown_date: null,
      card: { ratings: { speed: 4, price: null } },
    });
  });

  it("says of every endpoint, feature, tool and modality whether the card has it", () => {
    for (const { requestedName, requestedCard: card } of modelsOf(BUNDLED, NOW)) {
      const { endpoints, features, tools, modalities } = show(BUNDLED, requestedName).card;
      const shown = [endpoints, features, tools].map((table) => table.map(({ name, supported }) => [name, supported]));
      expect(shown).toEqual([rows(ENDPOINTS, card.endpoints), rows(FEATURES, card.features), rows(TOOLS, card.tools)]);
      expect(Object.keys(modalities)).toEqual(Object.keys(MODALITIES));
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
  const snapshotsOf = (requestedName: string) =>
    show(catalog, requestedName, Date.parse("2026-01-01")).card.snapshots.map(({ id, aliases, successors }) => ({
      id,
      aliases,
      successors,
    }));

  it("name the aliases that stand for each, and the snapshots that follow until a circle closes", () => {
    expect(snapshotsOf("swift-1")).toEqual([
      { id: "swift-1", aliases: ["old"], successors: ["swift-2", "keen-1"] },
      { id: "swift-2", aliases: ["default", "latest"], successors: ["keen-1"] },
    ]);
    expect(snapshotsOf("keen")).toEqual([
      { id: "keen-1", aliases: ["keen"], successors: ["swift-2"] },
      { id: "keen-2", aliases: [], successors: [] },
    ]);
  });
});

const compare = (...names: string[]) => compareModels(BUNDLED, names, NOW).data;

describe("a comparison", () => {
  it("has each model once, the highest input price first, equal prices as requestedName, and none last", () => {
    const idsOf = (...names: string[]) => compare(...names).map(({ id }) => id);
    expect(idsOf("o3-mini", "o4-mini", "o3", "o4-mini")).toEqual(["o3", "o3-mini", "o4-mini"]);
    expect(idsOf("o4-mini", "o3-mini")).toEqual(["o4-mini", "o3-mini"]);
    expect(compare("whisper-1", "text-embedding-3-small")[1]).toMatchObject({
      name: "Whisper",
      input: null,
      cached_input: null,
      output: null,
    });
  });

  it("shows what each name stands for, ended or not, and what answers today", () => {
    const end = "2026-10-23";
    expect(compare("o4-mini", "o4-mini-2025-04-16", "sora-2")).toMatchObject([
      { id: "o4-mini", name: "o4-mini", shutdown_date: end, answered_by: "gpt-5-mini-2025-08-07" },
      { id: "o4-mini-2025-04-16", name: "o4-mini", shutdown_date: end, answered_by: null },
      { id: "sora-2", name: "Sora 2", input: null, shutdown_date: "2026-09-24", answered_by: null },
    ]);
  });

  it.each(["gpt-9", "constructor", ""])("with an unknown name is a 404: '%s'", async (name) => {
    const error = await refusalOf(() => compare("o4-mini", name));
    expect(error).toMatchObject({ status: 404, body: { code: "model_not_found", param: "model" } });
    expect(error.body.message).toContain(`'${name}'`);
  });

  it("works for what every bundled card sets beside itself", () => {
    for (const { card } of modelsOf(BUNDLED, Date.parse("2026-01-01"))) {
      expect(compare(...card.compare)).toHaveLength(card.compare.length);
    }
  });
});
