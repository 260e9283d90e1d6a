// The bundled catalog with every date a century later, so that no real alarm runs during a test of shutdown dates.

import bundled from "../../src/core/catalog/default.json" with { type: "json" };
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { createCatalog } from "./catalog.ts";
import { complete } from "./catalog-documents.ts";

const A_DATE = /"20(\d\d-\d\d-\d\d)"/g;

/** A day of the bundled catalog (YYYY-MM-DD) as the later catalog has it. */
export const laterDay = (day: string): string => day.replace(/^20/, "21");

/** The later catalog, with the plans of the tests and no budget. */
export function createLaterCatalog(): Catalog {
  const { plans, default_plan } = createCatalog();
  const later: unknown = JSON.parse(JSON.stringify(bundled).replaceAll(A_DATE, '"21$1"'));
  const { budget: _, ...catalog } = complete(later);
  return { ...catalog, plans, default_plan };
}
