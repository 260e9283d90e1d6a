// The catalog as GET /v1/models presents it: cards, aliases, successors and comparisons.

import { describe, expect, it } from "vitest";
import { MODALITIES, MODEL_FEATURES, MODEL_TOOLS } from "../../../../src/core/catalog/card.ts";
import { ENDPOINTS } from "../../../../src/core/catalog/endpoints.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { defineFeatures } from "../../../../src/core/feature.ts";
import { features } from "../../../../src/features.ts";
import { modelsOf } from "../../../../src/core/catalog/support.ts";
import { compareModels, toModelObject, toModelWithCard } from "../../../../src/features/models/present.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";

const BUNDLED = bundledCatalog();
const NOW = Date.parse("2026-11-23");
const show = (catalog: Catalog, requestedName: string, now = NOW) => toModelWithCard(catalog, requestedName, now);

const rows = (table: object, has: readonly string[]) => Object.keys(table).map((name) => [name, has.includes(name)]);

const served = (name: string) => toModelObject(BUNDLED, name, NOW).served;

describe("a model object", () => {
  it("has the same card under its alias and its snapshot", () => {
    expect(show(BUNDLED, "o3-2025-04-16")).toEqual({ ...show(BUNDLED, "o3"), id: "o3-2025-04-16" });
  });

  it("of an ended model has the snapshot that answers today", () => {
    expect(show(BUNDLED, "o4-mini")).toMatchObject({ answered_by: "gpt-5-mini-2025-08-07", card: { id: "o4-mini" } });
    expect(show(BUNDLED, "o4-mini-2025-04-16")).toMatchObject({ answered_by: null, card: { id: "o4-mini" } });
  });

  it("is served when a route here answers with it today", () => {
    defineFeatures([{ name: "chat", serves: ["chat_completions"] }]);
    expect(["o3", "o4-mini"].map(served)).toEqual([true, true]);
    expect(["whisper-1", "text-embedding-3-small", "o4-mini-2025-04-16"].map(served)).toEqual([false, false, false]);
    defineFeatures(features);
    expect(served("o3")).toBe(true);
  });

  it("without dates and prices has null for them", () => {
    const swift = cardDocument({ "swift-1": {} }, { ratings: { speed: 4 } });
    expect(show(complete(catalogDocument({ cards: { swift } })), "default")).toMatchObject({
      created: 0,
      shutdown_date: null,
      card: { ratings: { speed: 4, price: null } },
    });
  });

  it("tells which endpoints OpenAI ends, and when", () => {
    const ends = show(BUNDLED, "o3").card.endpoints.map(({ name, end }) => [name, end]);
    expect(ends).toContainEqual(["translation", "2027-02-26"]);
    expect(ends).toContainEqual(["assistants", "2026-08-26"]);
    expect(ends).toContainEqual(["responses", null]);
  });

  it("lists every endpoint, feature, tool and modality with its support", () => {
    for (const { requestedName, requestedCard: card } of modelsOf(BUNDLED, NOW)) {
      const { endpoints, features, tools, modalities } = show(BUNDLED, requestedName).card;
      const shown = [endpoints, features, tools].map((table) => table.map(({ name, supported }) => [name, supported]));
      expect(shown).toEqual([
        rows(ENDPOINTS, card.endpoints),
        rows(MODEL_FEATURES, card.features),
        rows(MODEL_TOOLS, card.tools),
      ]);
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

  it("have their aliases, and their successors up to a cycle", () => {
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
  it("has each model once, by input price, and models without a price last", () => {
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

  it("has ended models, with the snapshot that answers today", () => {
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

  it("works for the `compare` list of every bundled card", () => {
    for (const { card } of modelsOf(BUNDLED, Date.parse("2026-01-01"))) {
      expect(compare(...card.compare)).toHaveLength(card.compare.length);
    }
  });
});
