// Makes a catalog of a document: strictly when it is published, leniently when it is read back.

import * as v from "valibot";
import { faultsOf } from "./faults.ts";
import type { Catalog } from "./schema.ts";
import { catalogSchema } from "./schema.ts";
import type { CatalogSection } from "./sections.ts";
import { installedSections } from "./sections.ts";

/** Faults that are listed one by one. */
const MOST_TOLD = 100;

export type CatalogResult = { ok: true; catalog: Catalog } | { ok: false; faults: string[] };
/** `ignored`: the paths of what this Worker does not know. */
export type ReadResult = { ok: true; catalog: Catalog; ignored: string[] } | { ok: false; faults: string[] };

/** Validates a document, fills in every default, and checks that names lead somewhere. Faults carry their path. */
export function parseCatalog(document: unknown): CatalogResult {
  const parsed = v.safeParse(schema(), document);
  return parsed.success ? checked(parsed.output) : { ok: false, faults: cut(parsed.issues.map(toFault)) };
}

/**
 * Like `parseCatalog`, but ignores what a later version of Weir has published and this one does not know: fields, words in
 * lists, and keys. So a Worker can be rolled back below a published catalog.
 */
export function readCatalog(document: unknown): ReadResult {
  const parsed = v.safeParse(schema(), document);
  if (parsed.success) return withIgnored(checked(parsed.output), []);
  const unknown = parsed.issues.filter(isUnknown);
  if (unknown.length < parsed.issues.length) return { ok: false, faults: cut(parsed.issues.map(toFault)) };
  return withIgnored(parseCatalog(without(document, unknown)), unknown.map(pathOf));
}

const withIgnored = (result: CatalogResult, ignored: string[]): ReadResult =>
  result.ok ? { ...result, ignored } : result;

let compiled: { sections: CatalogSection[]; schema: ReturnType<typeof catalogSchema> } | undefined;

function schema() {
  const sections = installedSections();
  if (compiled?.sections !== sections) compiled = { sections, schema: catalogSchema(sections) };
  return compiled.schema;
}

function checked(catalog: Catalog): CatalogResult {
  const faults = faultsOf(catalog, installedSections());
  return faults.length > 0 ? { ok: false, faults: cut(faults) } : { ok: true, catalog };
}

type Issue = v.BaseIssue<unknown>;

const isUnknownField = ({ type, expected }: Issue) => type === "strict_object" && expected === "never";

/** A field, a word in a list, or a key of a record that this version has no name for. */
function isUnknown(issue: Issue): boolean {
  if (isUnknownField(issue)) return true;
  const last = issue.path?.at(-1);
  return issue.type === "picklist" && (last?.type === "array" || last?.origin === "key");
}

/** A copy of the document without what the issues are about. */
function without(document: unknown, issues: Issue[]): unknown {
  const copy = structuredClone(document);
  for (const { path = [] } of issues) {
    const place = path.slice(0, -1).reduce<unknown>((value, { key }) => (value as never)[key as never], copy);
    const key = path.at(-1)?.key;
    // A hole keeps the other words in their places; it is closed below.
    delete (place as Record<PropertyKey, unknown>)[key as PropertyKey];
  }
  return withoutHoles(copy);
}

function withoutHoles(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter(() => true).map(withoutHoles);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutHoles(inner)]));
}

const pathOf = (issue: Issue) => v.getDotPath(issue) ?? "catalog";

function toFault(issue: Issue): string {
  const { received, message } = issue;
  const fault = isUnknownField(issue) ? "is not a field here" : received === "undefined" ? "is missing" : message;
  return `${pathOf(issue)}: ${fault}`;
}

function cut(faults: string[]): string[] {
  const rest = faults.length - MOST_TOLD;
  return rest > 0 ? [...faults.slice(0, MOST_TOLD), `and ${rest} more`] : faults;
}
