// The catalog section `files`: the provider that stores them, the times of checks, and each plan's limits.

import * as v from "valibot";
import { CatalogName, Milliseconds, WholeNumber } from "../../core/catalog/card.ts";
import type { Catalog, Plan, Provider } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { apiError } from "../../core/errors.ts";
import type { CatalogSection } from "../../core/catalog/sections.ts";
import { serves } from "../../core/catalog/support.ts";

/** Cloudflare's limit of a request body in the plans Free and Pro. */
const MAX_BODY_BYTES = 100 * 1024 * 1024;

const Files = v.strictObject({
  /** The provider that stores files and runs jobs. By default, that of the first card with `batch` or `fine_tuning`. */
  provider: v.optional(CatalogName),
  /** The most bytes of one file. */
  max_file_bytes: v.optional(WholeNumber, MAX_BODY_BYTES),
  /** The time until the first check of a job. It doubles after each check, up to `max_poll_ms`. */
  poll_ms: v.optional(v.pipe(Milliseconds, v.minValue(1000)), 300_000),
  max_poll_ms: v.optional(v.pipe(Milliseconds, v.minValue(1000)), 3_600_000),
});

const FileLimits = v.strictObject({
  /** The most bytes of all files together. */
  max_bytes: v.optional(WholeNumber, MAX_BODY_BYTES),
  max_files: v.optional(WholeNumber, 100),
  /** The most batches and other jobs that run at the same time. */
  max_jobs: v.optional(WholeNumber, 4),
});

export type FileSettings = v.InferOutput<typeof Files>;
export type FileLimits = v.InferOutput<typeof FileLimits>;

const DEFAULT_LIMITS: FileLimits = v.parse(FileLimits, {});

export const filesSection: CatalogSection = {
  root: { files: v.optional(Files, {}) },
  /** `false`: users of the plan have no files and no jobs. */
  plan: { files: v.optional(v.union([v.literal(false), FileLimits])) },
  faults(catalog) {
    const { provider } = filesOf(catalog);
    const isUnknown = provider !== undefined && entry(catalog.providers, provider) === undefined;
    return isUnknown ? [`files.provider: there is no provider '${provider}'`] : [];
  },
};

/** Returns the section `files` of a catalog. */
export const filesOf = (catalog: Catalog): FileSettings => (catalog as Catalog & { files: FileSettings }).files;

/** Returns the limits of a plan; undefined when it has no files. */
export function fileLimitsOf(plan: Plan): FileLimits | undefined {
  const { files = DEFAULT_LIMITS } = plan as Plan & { files?: FileLimits | false };
  return files === false ? undefined : files;
}

/** Returns the provider that stores files; undefined when no provider does. */
export function fileProviderOf(catalog: Catalog): { name: string; provider: Provider } | undefined {
  const hasJobs = Object.values(catalog.cards).find(
    (card) => serves(catalog, card, "batch") || serves(catalog, card, "fine_tuning"),
  );
  const name = filesOf(catalog).provider ?? hasJobs?.provider;
  const provider = name === undefined ? undefined : entry(catalog.providers, name);
  return name !== undefined && provider ? { name, provider } : undefined;
}

/** Returns the provider that stores files. Throws 404 `not_found` when no provider does. */
export function requireFileProvider(catalog: Catalog): { name: string; provider: Provider } {
  const place = fileProviderOf(catalog);
  if (place) return place;
  throw apiError(
    "not_found",
    "Files are not offered here. Operators name their provider in the catalog: files.provider.",
  );
}
