// Catalog parser: strict for publishing, lenient for reading stored revisions.

import * as v from "valibot";
import { costFaults } from "./cost-faults.ts";
import { faultsOf } from "./faults.ts";
import { toWords } from "../http/validation-words.ts";
import type { Catalog } from "./schema.ts";
import { catalogSchema } from "./schema.ts";
import type { CatalogSection } from "./sections.ts";
import { installedSections } from "./sections.ts";

/** Longer lists of faults are truncated. */
const MAX_FAULTS = 100;

export type CatalogResult = { ok: true; catalog: Catalog } | { ok: false; faults: string[] };
/** `ignored`: the paths that this version of Weir does not know. */
export type ReadResult = { ok: true; catalog: Catalog; ignored: string[] } | { ok: false; faults: string[] };

/** Validates a document for publishing, adds every default, and runs every check. Faults start with their path. */
export function parseCatalog(document: unknown): CatalogResult {
  const parsed = check(document);
  if (!parsed.success) return refused(parsed.issues.map(toFault));
  const catalog = parsed.output;
  const sections = installedSections();
  const called = sections.flatMap((section) => section.calledModels?.(catalog) ?? []);
  const faults = [...faultsOf(catalog, sections), ...costFaults(catalog, called)];
  return faults.length > 0 ? refused(faults) : { ok: true, catalog };
}

/** Returns the warnings of a valid catalog, as `path: message`. Warnings do not keep a catalog from being published. */
export const warningsOf = (catalog: Catalog): string[] =>
  truncate(installedSections().flatMap((section) => section.warnings?.(catalog) ?? []));

/**
 * Reads a document that was published, maybe by another version of Weir. Ignores unknown fields, list values and keys,
 * and skips rules that hold for publishing only. So neither an upgrade nor a rollback of the Worker loses the catalog.
 */
export function readCatalog(document: unknown): ReadResult {
  const strict = check(document);
  const unknown = strict.issues?.filter(isUnknown) ?? [];
  const parsed = unknown.length > 0 ? check(without(document, unknown)) : strict;
  if (!parsed.success) return refused(parsed.issues.map(toFault));
  const faults = faultsOf(parsed.output, installedSections());
  return faults.length > 0 ? refused(faults) : { ok: true, catalog: parsed.output, ignored: unknown.map(pathOf) };
}

let compiled: { sections: CatalogSection[]; schema: ReturnType<typeof catalogSchema> } | undefined;

function schema() {
  const sections = installedSections();
  if (compiled?.sections !== sections) compiled = { sections, schema: catalogSchema(sections) };
  return compiled.schema;
}

const check = (document: unknown) => v.safeParse(schema(), document, { message: toWords });

const refused = (faults: string[]) => ({ ok: false as const, faults: truncate(faults) });

type Issue = v.BaseIssue<unknown>;

const isUnknownField = ({ type, expected }: Issue) => type === "strict_object" && expected === "never";

/** Tests if an issue is an unknown field, list value or record key. */
function isUnknown(issue: Issue): boolean {
  if (isUnknownField(issue)) return true;
  const last = issue.path?.at(-1);
  return issue.type === "picklist" && (last?.type === "array" || last?.origin === "key");
}

/** Copies the document without the parts that the issues are about. */
function without(document: unknown, issues: Issue[]): unknown {
  const copy = structuredClone(document);
  for (const { path = [] } of issues) {
    const parent = path.slice(0, -1).reduce<unknown>((value, { key }) => (value as never)[key as never], copy);
    const key = path.at(-1)?.key;
    // Deleting leaves a hole, so the other indexes stay valid. withoutHoles closes it.
    delete (parent as Record<PropertyKey, unknown>)[key as PropertyKey];
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
  const fault = isUnknownField(issue) ? "is not a known field" : received === "undefined" ? "is missing" : message;
  return `${pathOf(issue)}: ${fault}`;
}

function truncate(faults: string[]): string[] {
  const rest = faults.length - MAX_FAULTS;
  return rest > 0 ? [...faults.slice(0, MAX_FAULTS), `and ${rest} more`] : faults;
}
