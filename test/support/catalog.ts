// The catalog that tests publish: the bundled one, in which no model ever ends, with plans whose limits are easy to
// reach. Their windows are months, so that no test meets the end of a minute.

import type { KVNamespace } from "@cloudflare/workers-types";
import bundled from "../../src/catalog/default.json" with { type: "json" };
import type { Catalog, Plan } from "../../src/catalog/schema.ts";
import { parseCatalog } from "../../src/catalog/parse.ts";

/** The day on which the emulated provider believes to be: every model that the tests ask for is alive on it. */
export const PROVIDER_DAY = "2026-10-01";

const windowsOf = (tokens: number, requests: number): Plan["windows"] => [
  { unit: "tokens", per: "month", limit: tokens },
  { unit: "requests", per: "month", limit: requests },
];

const PLANS = {
  /** The default plan: nothing refuses. */
  roomy: { windows: windowsOf(10_000_000, 10_000), concurrent: 8, max_output_tokens: 2000 },
  tiny: { windows: windowsOf(100, 10_000), concurrent: 8, max_output_tokens: 2000 },
  single: { windows: windowsOf(10_000_000, 10_000), concurrent: 1, max_output_tokens: 2000 },
} satisfies Record<string, Plan>;

export type TestPlan = keyof typeof PLANS;

/** A complete catalog whose `default` and `o4-mini` are the snapshot o4-mini-2025-04-16 for ever. */
export function createCatalog(timing: Partial<Catalog["timing"]> = {}): Catalog {
  const parsed = parseCatalog(bundled);
  if (!parsed.ok) throw new Error(parsed.faults.join("; "));
  const { catalog } = parsed;
  for (const { snapshots } of Object.values(catalog.cards)) {
    for (const [name, { released }] of Object.entries(snapshots)) snapshots[name] = released ? { released } : {};
  }
  const plans = { ...catalog.plans, ...PLANS };
  return { ...catalog, plans, default_plan: "roomy", timing: { ...catalog.timing, ...timing } };
}

/** The same catalog, with other limits in its default plan. */
export function createCatalogOf(plan: Partial<Plan>, timing: Partial<Catalog["timing"]> = {}): Catalog {
  const catalog = createCatalog(timing);
  const { roomy } = PLANS;
  return { ...catalog, plans: { ...catalog.plans, roomy: { ...roomy, ...plan } } };
}

/** Stores a document as a new revision, points to it, and returns its name. */
export async function publish(kv: Pick<KVNamespace, "put">, document: unknown): Promise<string> {
  const revision = crypto.randomUUID();
  await kv.put(`catalog:rev:${revision}`, JSON.stringify(document));
  await kv.put("catalog:current", JSON.stringify({ active: revision, previous: null, publishedAt: 0 }));
  return revision;
}
