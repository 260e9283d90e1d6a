// The snapshot for a name on a day: aliases follow successors, snapshots do not, and every lookup ends.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveModel, toDay } from "../../../../src/core/catalog/resolve.ts";
import { entry } from "../../../../src/core/catalog/schema.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

const BUNDLED = bundledCatalog();

/** A catalog of one card with those snapshots, and those aliases beside a default for the first. */
function catalogOf(snapshots: Document, aliases: Document): Catalog {
  const first = { default: { target: Object.keys(snapshots)[0] } };
  return complete(catalogDocument({ cards: { swift: cardDocument(snapshots) }, aliases: { ...first, ...aliases } }));
}

/** The snapshot that answers, or why there is none. */
function answerOf(catalog: Catalog, requestedName: string, today: string): string {
  const resolution = resolveModel(catalog, requestedName, today);
  return resolution.kind === "found" ? resolution.model.snapshot : resolution.kind;
}

describe("the bundled o4-mini", () => {
  it.each([
    ["2026-10-22", "o4-mini-2025-04-16", "o4-mini"],
    ["2026-10-23", "gpt-5-mini-2025-08-07", "gpt-5-mini"],
    ["2026-12-10", "gpt-5-mini-2025-08-07", "gpt-5-mini"],
    ["2026-12-11", "gpt-6.1-terra", "gpt-6.1-terra"],
  ])("is answered on %s by %s, with the requested card and the sunset of its own snapshot", (today, snapshot, id) => {
    expect(answerOf(BUNDLED, "default", today)).toBe(snapshot);
    expect(resolveModel(BUNDLED, "o4-mini", today)).toMatchObject({
      kind: "found",
      model: { requestedName: "o4-mini", snapshot, id, card: BUNDLED.cards[id], requestedCard: { name: "o4-mini" } },
      sunset: {
        snapshot: "o4-mini-2025-04-16",
        date: "2026-10-23",
        successor: "gpt-5-mini",
        deprecated: "2026-04-22",
      },
    });
  });

  it("has every name on the way, with the cards", () => {
    const first = ["default", "o4-mini", "o4-mini-2025-04-16"];
    const second = ["gpt-5-mini", "gpt-5-mini-2025-08-07"];
    expect(resolveModel(BUNDLED, "default", "2026-10-23")).toMatchObject({
      model: { names: [...first, ...second, "o4-mini", "gpt-5-mini"] },
    });
  });

  it("ends when it is requested by its snapshot", () => {
    expect(resolveModel(BUNDLED, "o4-mini-2025-04-16", "2026-10-23")).toMatchObject({
      kind: "ended",
      sunset: { snapshot: "o4-mini-2025-04-16", successor: "gpt-5-mini" },
    });
  });
});

describe("a name", () => {
  it.each(["constructor", "__proto__", "", "o4-mini ", "O4-MINI", "gpt-6.1"])("is unknown: '%s'", (requestedName) => {
    expect(resolveModel(BUNDLED, requestedName, "2026-10-01")).toEqual({ kind: "unknown" });
  });

  it("without a shutdown date has no sunset", () => {
    const catalog = catalogOf({ "swift-1": { successor: "swift-1" } }, { latest: { target: "swift-1" } });
    const resolution = resolveModel(catalog, "latest", "2099-01-01");
    expect(resolution.kind).toBe("found");
    expect(resolution).not.toHaveProperty("sunset");
  });
});

const aliasTo = (target: string) => ({ target, strict: false, fallback: [] });

describe("an alias", () => {
  const ended = { shutdown_date: "2026-02-01" };
  const snapshots = {
    "swift-1": { ...ended, successor: "latest" },
    "swift-2": { shutdown_date: "2026-06-01", successor: "swift-3" },
    "swift-3": {},
  };
  const catalog = catalogOf(snapshots, {
    latest: { target: "swift-2" },
    default: { target: "latest" },
    old: { target: "swift-1" },
  });

  it.each([
    ["default", "2026-01-01", "swift-2"],
    ["old", "2026-01-31", "swift-1"],
    ["old", "2026-02-01", "swift-2"],
    ["old", "2026-06-01", "swift-3"],
  ])("follows aliases and successors: '%s' on %s is %s", (requestedName, day, answer) => {
    expect(answerOf(catalog, requestedName, day)).toBe(answer);
  });

  it("has ended where the last successor has ended, or successors form a circle", () => {
    const latest = { latest: { target: "swift-1" } };
    const dead = catalogOf({ "swift-1": ended }, latest);
    expect(resolveModel(dead, "latest", "2026-02-01")).toMatchObject({
      kind: "ended",
      sunset: { successor: undefined },
    });
    const circle = { "swift-1": { ...ended, successor: "swift-2" }, "swift-2": { ...ended, successor: "latest" } };
    expect(answerOf(catalogOf(circle, latest), "latest", "2026-03-01")).toBe("ended");
  });

  it("in a circle of aliases is unknown, though no published catalog has one", () => {
    const circles = { ...complete(catalogDocument()), aliases: { one: aliasTo("other"), other: aliasTo("one") } };
    expect(answerOf(circles, "one", "2026-03-01")).toBe("unknown");
  });
});

describe("for any catalog", () => {
  const names = ["swift-1", "swift-2", "swift-3", "latest", "default", "old"];
  const days = fc.constantFrom("2026-01-01", "2026-06-01", "2026-12-01");
  const anyName = fc.constantFrom(...names, "nobody", "constructor");
  const snapshot = fc.record({ shutdown_date: days, successor: anyName }, { requiredKeys: [] });
  const alias = fc.record({ target: anyName, strict: fc.boolean(), fallback: fc.array(anyName, { maxLength: 3 }) });
  const parts = fc.record({
    one: fc.dictionary(fc.constantFrom("swift-1", "swift-2"), snapshot),
    other: fc.dictionary(fc.constantFrom("swift-3"), snapshot),
    aliases: fc.dictionary(fc.constantFrom("latest", "default", "old"), alias),
  });

  it("every lookup ends, and a found snapshot is alive and on its card", () => {
    const base = complete(catalogDocument());
    const property = fc.property(parts, anyName, days, ({ one, other, aliases }, requestedName, today) => {
      const { swift } = base.cards;
      const cards = { one: { ...swift, snapshots: one }, other: { ...swift, snapshots: other } };
      // Faults of a catalog must be harmless here too.
      const resolution = resolveModel({ ...base, cards, aliases } as unknown as Catalog, requestedName, today);
      if (resolution.kind === "ended") expect(resolution.sunset.date <= today).toBe(true);
      if (resolution.kind !== "found") return;
      const { card, snapshot: found, names, id } = resolution.model;
      const life = entry(card.snapshots, found);
      expect(life && (life.shutdown_date === undefined || today < life.shutdown_date)).toBe(true);
      if (!Object.hasOwn(aliases, requestedName)) expect(found).toBe(requestedName);
      expect([names[0], names.includes(found), names.includes(id)]).toEqual([requestedName, true, true]);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

it("a moment's day is the UTC day", () => {
  expect(toDay(Date.UTC(2026, 9, 22, 23, 59, 59, 999))).toBe("2026-10-22");
  expect(toDay(Date.UTC(2026, 9, 23))).toBe("2026-10-23");
});
