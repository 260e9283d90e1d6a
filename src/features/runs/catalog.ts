// The catalog section `runs`: if runs are on, and how long they are kept. Plans and aliases can forbid them.

import * as v from "valibot";
import { Milliseconds } from "../../core/catalog/card.ts";
import type { Alias, Catalog, Plan } from "../../core/catalog/schema.ts";
import type { CatalogSection } from "../../core/catalog/sections.ts";

/** The alarm settles unread interrupted runs. The ledger corrects a reservation within an hour of its expiry. */
const MAX_KEEP_MS = 3_600_000;

const Runs = v.strictObject({
  /** When false, the header `idempotency-key` has no effect. */
  enabled: v.optional(v.boolean(), true),
  /** The time after its end in which a run can be read. */
  keep_ms: v.optional(v.pipe(Milliseconds, v.minValue(1), v.maxValue(MAX_KEEP_MS)), 900_000),
  /** The time between two writes of a run to storage. The events after the last write are lost with the object. */
  flush_ms: v.optional(v.pipe(Milliseconds, v.minValue(100)), 10_000),
  /** `sealed`: answers are stored encrypted. `memory`: they are never stored, and are lost some seconds after the end. */
  store: v.optional(v.picklist(["sealed", "memory"]), "sealed"),
});

export type RunSettings = v.InferOutput<typeof Runs>;

/** The field of an alias or a plan. When it is absent, runs are allowed. */
const runsField = { runs: v.optional(v.boolean()) };

export const runsSection: CatalogSection = {
  root: { runs: v.optional(Runs, {}) },
  alias: runsField,
  plan: runsField,
};

/** Returns the section `runs` of a catalog. */
export const runsOf = (catalog: Catalog): RunSettings => (catalog as Catalog & { runs: RunSettings }).runs;

/** Tests if a plan and all of these aliases allow runs. */
export function allowsRuns(plan: Plan, aliases: Alias[]): boolean {
  return [plan, ...aliases].every((each) => (each as (Plan | Alias) & { runs?: boolean }).runs !== false);
}
