// Which snapshot answers on which day: aliases move along successors, pinned names do not, and every question ends.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import { FIRST_DAY, resolveModel, toDay } from "../../../../src/core/catalog/resolve.ts";
import { entry } from "../../../../src/core/catalog/schema.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

const BUNDLED = bundledCatalog();

/** A catalog of one card with those snapshots, and aliases by their targets. */
function catalogOf(
  snapshots: Document,
  aliases: Record<string, string | { target: string; strict: boolean }>,
): Catalog {
  const targets = Object.entries(aliases).map(([name, alias]) => [
    name,
    typeof alias === "string" ? { target: alias } : alias,
  ]);
  const first = { default: { target: Object.keys(snapshots)[0] } };
  const cards = { swift: cardDocument(snapshots) };
  return complete(catalogDocument({ cards, aliases: { ...first, ...Object.fromEntries(targets) } }));
}

/** The snapshot that answers, or how there is none. */
function answerOf(catalog: Catalog, asked: string, today: string): string {
  const resolution = resolveModel(catalog, asked, today);
  return resolution.kind === "found" ? resolution.model.snapshot : resolution.kind;
}

const namesOn = (today: string) => {
  const resolution = resolveModel(BUNDLED, "default", today);
  return resolution.kind === "found" ? resolution.model.names : [];
};

describe("the bundled o4-mini", () => {
  it.each([
    ["2026-10-22", "o4-mini-2025-04-16"],
    ["2026-10-23", "gpt-5-mini-2025-08-07"],
    ["2026-12-10", "gpt-5-mini-2025-08-07"],
    ["2026-12-11", "gpt-6.1-terra"],
  ])("is answered on %s by %s", (today, snapshot) => {
    expect(answerOf(BUNDLED, "o4-mini", today)).toBe(snapshot);
    expect(answerOf(BUNDLED, "default", today)).toBe(snapshot);
  });

  it("answers with the card of the model that it became, and remembers what was meant", () => {
    const resolution = resolveModel(BUNDLED, "o4-mini", "2026-11-23");
    expect(resolution).toMatchObject({
      kind: "found",
      model: { asked: "o4-mini", id: "gpt-5-mini", card: { name: "GPT-5 mini" }, meant: { name: "o4-mini" } },
    });
  });

  it("is what it means as long as it lives", () => {
    const resolution = resolveModel(BUNDLED, "default", "2026-10-01");
    expect(resolution).toMatchObject({
      kind: "found",
      model: { card: { name: "o4-mini" }, meant: { name: "o4-mini" } },
    });
  });

  it("tells every name on the way, with the cards", () => {
    const first = ["default", "o4-mini", "o4-mini-2025-04-16"];
    const second = ["gpt-5-mini", "gpt-5-mini-2025-08-07"];
    expect(namesOn("2026-10-22")).toEqual([...first, "o4-mini"]);
    expect(namesOn("2026-10-23")).toEqual([...first, ...second, "o4-mini", "gpt-5-mini"]);
    expect(new Set(namesOn("2026-12-11"))).toEqual(new Set([...first, ...second, "gpt-6.1-terra"]));
  });

  it("says which snapshot was meant, and when that ended or will", () => {
    const sunset = {
      snapshot: "o4-mini-2025-04-16",
      date: "2026-10-23",
      successor: "gpt-5-mini",
      deprecated: "2026-04-22",
    };
    for (const today of ["2026-10-22", "2026-11-23", "2026-12-11"]) {
      expect(resolveModel(BUNDLED, "o4-mini", today)).toMatchObject({ kind: "found", sunset });
    }
  });

  it("asked for by its snapshot is pinned: it ends, and does not move", () => {
    expect(answerOf(BUNDLED, "o4-mini-2025-04-16", "2026-10-22")).toBe("o4-mini-2025-04-16");
    expect(resolveModel(BUNDLED, "o4-mini-2025-04-16", "2026-10-23")).toMatchObject({
      kind: "ended",
      sunset: { snapshot: "o4-mini-2025-04-16", successor: "gpt-5-mini" },
    });
  });
});

describe("a name", () => {
  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "", "o4-mini ", "O4-MINI", "o4-mini-2025-04-17"])(
    "that the catalog does not have is unknown: '%s'",
    (asked) => {
      expect(resolveModel(BUNDLED, asked, "2026-10-01")).toEqual({ kind: "unknown" });
    },
  );

  it("of a card is not the name of a model", () => {
    expect(answerOf(catalogOf({ "swift-1": {} }, {}), "swift", "2026-10-01")).toBe("unknown");
  });

  it("without an end says nothing of one", () => {
    const resolution = resolveModel(catalogOf({ "swift-1": {} }, { latest: "swift-1" }), "latest", "2026-10-01");
    expect(resolution.kind).toBe("found");
    expect(resolution).not.toHaveProperty("sunset");
  });

  it("whose end was taken out of the catalog goes on for ever", () => {
    expect(
      answerOf(catalogOf({ "swift-1": { successor: "swift-1" } }, { latest: "swift-1" }), "latest", "2099-01-01"),
    ).toBe("swift-1");
  });
});

describe("an alias", () => {
  const snapshots = {
    "swift-1": { shutdown_date: "2026-02-01", successor: "latest" },
    "swift-2": { shutdown_date: "2026-06-01", successor: "swift-3" },
    "swift-3": {},
  };
  const catalog = catalogOf(snapshots, {
    latest: "swift-2",
    default: "latest",
    old: "swift-1",
    frozen: { target: "swift-1", strict: true },
    icy: "frozen",
  });

  it("of an alias leads on", () => {
    expect(answerOf(catalog, "default", "2026-01-01")).toBe("swift-2");
  });

  it("moves over a successor that is an alias, and over several ends", () => {
    expect(answerOf(catalog, "old", "2026-01-31")).toBe("swift-1");
    expect(answerOf(catalog, "old", "2026-02-01")).toBe("swift-2");
    expect(answerOf(catalog, "old", "2026-06-01")).toBe("swift-3");
  });

  it("that is strict ends with its snapshot", () => {
    expect(answerOf(catalog, "frozen", "2026-01-31")).toBe("swift-1");
    expect(answerOf(catalog, "frozen", "2026-02-01")).toBe("ended");
    expect(answerOf(catalog, "icy", "2026-02-01")).toBe("ended");
  });

  it("whose successor ended without one of its own has ended", () => {
    const dead = catalogOf({ "swift-1": { shutdown_date: "2026-02-01" } }, { latest: "swift-1" });
    expect(resolveModel(dead, "latest", "2026-02-01")).toMatchObject({
      kind: "ended",
      sunset: { successor: undefined },
    });
  });

  it("in a circle of ended successors has ended", () => {
    const circle = catalogOf(
      {
        "swift-1": { shutdown_date: "2026-02-01", successor: "swift-2" },
        "swift-2": { shutdown_date: "2026-02-01", successor: "latest" },
      },
      { latest: "swift-1" },
    );
    expect(answerOf(circle, "latest", "2026-03-01")).toBe("ended");
  });

  it("in a circle of aliases is unknown", () => {
    // No catalog that is published has one; here it must be harmless too.
    const aliases = { one: aliasTo("other"), other: aliasTo("one"), self: aliasTo("self") };
    const circles = { ...complete(catalogDocument()), aliases };
    expect(answerOf(circles, "one", "2026-03-01")).toBe("unknown");
    expect(answerOf(circles, "self", "2026-03-01")).toBe("unknown");
  });
});

const aliasTo = (target: string) => ({ target, strict: false, fallback: [] });

describe("for every catalog", () => {
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

  it("every question has an answer, and what is found is alive and on its card", () => {
    const property = fc.property(parts, anyName, days, ({ one, other, aliases }, asked, today) => {
      // Names that lead nowhere are faults of a catalog; here they must be harmless too.
      const base = complete(catalogDocument());
      const { swift } = base.cards;
      if (!swift) throw new Error("the card is not there");
      const cards = { one: { ...swift, snapshots: one }, other: { ...swift, snapshots: other } };
      const catalog = { ...base, cards, aliases } as unknown as Catalog;
      const resolution = resolveModel(catalog, asked, today);
      expect(["found", "ended", "unknown"]).toContain(resolution.kind);
      if (resolution.kind === "ended") expect(resolution.sunset.date <= today).toBe(true);
      if (resolution.kind !== "found") return;
      const found = entry(resolution.model.card.snapshots, resolution.model.snapshot);
      expect(found).toBeDefined();
      expect(found?.shutdown_date === undefined || today < found.shutdown_date).toBe(true);
      if (!Object.hasOwn(aliases, asked)) expect(resolution.model.snapshot).toBe(asked);
      expect(resolution.model.names[0]).toBe(asked);
      expect(resolution.model.names).toContain(resolution.model.snapshot);
      expect(resolution.model.names).toContain(resolution.model.id);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

describe("for every catalog without faults", () => {
  const snapshots = ["swift-1", "swift-2", "swift-3", "keen-1", "keen-2"];
  const aliases = ["default", "fast", "latest"];
  const anyName = fc.constantFrom(...snapshots, ...aliases);
  const days = fc.constantFrom("2026-01-01", "2026-06-01", "2026-12-01");
  const snapshot = fc.record({ shutdown_date: days, successor: anyName }, { requiredKeys: [] });
  const alias = fc.oneof(
    fc.record({ target: anyName, fallback: fc.array(anyName, { maxLength: 3 }) }),
    fc.record({ target: anyName, strict: fc.constant(true) }),
  );
  const catalogs = fc
    .tuple(fc.tuple(...snapshots.map(() => snapshot)), fc.tuple(...aliases.map(() => alias)))
    .map(([lives, targets]) => {
      const named = Object.fromEntries(snapshots.map((name, index) => [name, lives[index]]));
      const { "keen-1": first, "keen-2": second, ...swift } = named;
      const cards = { swift: cardDocument(swift), keen: cardDocument({ "keen-1": first, "keen-2": second }) };
      const given = Object.fromEntries(aliases.map((name, index) => [name, targets[index]]));
      return parseCatalog(catalogDocument({ cards, aliases: given }));
    })
    .filter((result) => result.ok)
    .map(({ catalog }) => catalog);

  it("an alias with a snapshot to fall back to that is alive has an answer, whatever has ended or goes in circles", () => {
    const property = fc.property(catalogs, fc.constantFrom(...aliases), days, (catalog, asked, today) => {
      const own = (entry(catalog.aliases, asked)?.fallback ?? []).filter((name) => !entry(catalog.aliases, name));
      const alive = own.some((name) => resolveModel(catalog, name, today).kind === "found");
      if (alive) expect(resolveModel(catalog, asked, today).kind).toBe("found");
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it("a strict alias is answered by what it stands for, or not at all", () => {
    const property = fc.property(catalogs, fc.constantFrom(...aliases), days, (catalog, asked, today) => {
      if (!entry(catalog.aliases, asked)?.strict) return;
      const resolution = resolveModel(catalog, asked, today);
      const meant = resolveModel(catalog, asked, FIRST_DAY);
      if (resolution.kind !== "found") return;
      expect(meant).toMatchObject({ kind: "found", model: { snapshot: resolution.model.snapshot } });
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it("an answer never changes between two ends", () => {
    const property = fc.property(catalogs, anyName, (catalog, asked) => {
      expect(answerOf(catalog, asked, "2026-02-01")).toBe(answerOf(catalog, asked, "2026-05-31"));
      expect(answerOf(catalog, asked, "2026-06-01")).toBe(answerOf(catalog, asked, "2026-11-30"));
      expect(answerOf(catalog, asked, "2026-12-01")).toBe(answerOf(catalog, asked, "2099-01-01"));
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe("a moment's day", () => {
  it("is the UTC one", () => {
    expect(toDay(Date.UTC(2026, 9, 22, 23, 59, 59, 999))).toBe("2026-10-22");
    expect(toDay(Date.UTC(2026, 9, 23))).toBe("2026-10-23");
  });
});
