// The section `runs` of a catalog: defaults, bounds, and plans and aliases that forbid runs.

import "../../../../src/features.ts";
import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import { resolveModel } from "../../../../src/core/catalog/resolve.ts";
import { allowsRuns, runsOf } from "../../../../src/features/runs/catalog.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { catalogDocument, complete } from "../../../support/catalog-documents.ts";

const DEFAULTS = { enabled: true, keep_ms: 900_000, flush_ms: 10_000, store: "sealed" };

describe("the section", () => {
  it("has defaults, alone and beside what is set", () => {
    expect(runsOf(complete(catalogDocument()))).toEqual(DEFAULTS);
    const runs = { enabled: false, keep_ms: 1, store: "memory" };
    expect(runsOf(complete(catalogDocument({ runs })))).toEqual({ ...DEFAULTS, ...runs });
  });

  it.each<[string, Document]>([
    ["runs.keep_ms", { keep_ms: 0 }],
    ["runs.keep_ms", { keep_ms: 1.5 }],
    // A reservation that has expired is corrected for an hour.
    ["runs.keep_ms", { keep_ms: 3_600_001 }],
    ["runs.flush_ms", { flush_ms: 99 }],
    ["runs.store", { store: "plain" }],
    ["runs.enabled", { enabled: "yes" }],
    ["runs.keep", { keep: 1 }],
  ])("is refused for %s: %j", (path, runs) => {
    const parsed = parseCatalog(catalogDocument({ runs }));
    expect(parsed.ok ? "" : parsed.faults.join()).toContain(path);
  });
});

it.each<[boolean, Document, Document, string]>([
  [true, {}, {}, "default"],
  [true, { runs: true }, { runs: true }, "default"],
  [false, { runs: false }, {}, "default"],
  [false, {}, { runs: false }, "default"],
  // The request names another alias, which leads to the one that forbids runs.
  [false, {}, { runs: false }, "other"],
  [true, {}, { runs: false }, "swift-1"],
])("runs are allowed (%s) under the plan %j and the alias %j for %s", (isAllowed, plan, alias, requested) => {
  const limits = { windows: [{ unit: "tokens", per: "day", limit: 1000 }], concurrent: 1, max_output_tokens: 100 };
  const document = {
    aliases: { default: { target: "swift-1", ...alias }, other: { target: "default" } },
    plans: { free: { ...limits, ...plan } },
  };
  const catalog = complete(catalogDocument(document));
  const resolution = resolveModel(catalog, requested, "2026-10-01");
  if (resolution.kind !== "found" || !catalog.plans["free"]) throw new Error("the catalog has no such model");
  expect(allowsRuns(catalog.plans["free"], resolution.model.aliases)).toBe(isAllowed);
});
