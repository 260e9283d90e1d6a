// The one function that makes a catalog of a document.

import * as v from "valibot";
import { faultsOf } from "./faults.ts";
import type { Catalog } from "./schema.ts";
import { CatalogSchema } from "./schema.ts";

/** Of so many faults the first are told. */
const TOLD_FAULTS = 100;

export type CatalogResult = { ok: true; catalog: Catalog } | { ok: false; faults: string[] };

/** Validates a document, fills in every default and checks that names lead somewhere. Faults carry their path. */
export function parseCatalog(document: unknown): CatalogResult {
  const parsed = v.safeParse(CatalogSchema, document);
  if (!parsed.success) {
    return {
      ok: false,
      faults: cut(parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "catalog"}: ${toWords(issue)}`)),
    };
  }
  const faults = faultsOf(parsed.output);
  return faults.length > 0 ? { ok: false, faults: cut(faults) } : { ok: true, catalog: parsed.output };
}

function toWords({ type, expected, received, message }: v.BaseIssue<unknown>): string {
  if (type === "strict_object" && expected === "never") return "is not a field here";
  return received === "undefined" ? "is missing" : message;
}

function cut(faults: string[]): string[] {
  const rest = faults.length - TOLD_FAULTS;
  return rest > 0 ? [...faults.slice(0, TOLD_FAULTS), `and ${rest} more`] : faults;
}
