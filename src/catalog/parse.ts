// The one function that makes a catalog of a document.

import * as v from "valibot";
import { faultsOf } from "./faults.ts";
import type { Catalog } from "./schema.ts";
import { CatalogSchema } from "./schema.ts";

export type CatalogResult = { ok: true; catalog: Catalog } | { ok: false; faults: string[] };

/** Validates a document, fills in every default and checks that names lead somewhere. Faults carry their path. */
export function parseCatalog(document: unknown): CatalogResult {
  const parsed = v.safeParse(CatalogSchema, document);
  if (!parsed.success) {
    return { ok: false, faults: parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "catalog"}: ${issue.message}`) };
  }
  const faults = faultsOf(parsed.output);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, catalog: parsed.output };
}
