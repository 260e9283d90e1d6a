// The catalog that tests publish: the bundled one without shutdown dates, and plans with limits that are easy to reach.
// Their windows are months, so that no period ends during a test.

import type { KVNamespace } from "@cloudflare/workers-types";
// Installs the sections of the catalog that features add.
import "../../src/features.ts";
import bundled from "../../src/core/catalog/default.json" with { type: "json" };
import type { ModelCard } from "../../src/core/catalog/card.ts";
import type { Alias, Catalog, Plan } from "../../src/core/catalog/schema.ts";
import { parseCatalog } from "../../src/core/catalog/parse.ts";

/** The emulated provider's day. Every model that the tests use is live on it. */
export const PROVIDER_DAY = "2026-10-01";

const windowsOf = (tokens: number, requests: number): Plan["windows"] => [
  { unit: "tokens", per: "month", limit: tokens },
  { unit: "requests", per: "month", limit: requests },
];

const PLANS = {
  /** The default plan, with room for everything. */
  roomy: { windows: windowsOf(10_000_000, 10_000), concurrent: 8, max_output_tokens: 2000 },
  tiny: { windows: windowsOf(100, 10_000), concurrent: 8, max_output_tokens: 2000 },
  once: { windows: windowsOf(10_000_000, 1), concurrent: 8, max_output_tokens: 2000 },
  single: { windows: windowsOf(10_000_000, 10_000), concurrent: 1, max_output_tokens: 2000 },
} satisfies Record<string, Plan>;

export type TestPlan = keyof typeof PLANS;

/** A model like o4-mini that prefers Responses, and that can be trained. */
export const RESPONDENT = "respondent";

/** A model with the prices of o4-mini that only completes. */
export const COMPLETER = "completer";

/** The bundled catalog without shutdown dates: `default` and `o4-mini` stay the snapshot o4-mini-2025-04-16. */
export function createCatalog(timing: Partial<Catalog["timing"]> = {}): Catalog {
  const catalog = createUndatedCatalog(timing);
  // The plans of these tests do not bound the cost of models that are priced by other units than tokens.
  for (const [id, { prices }] of Object.entries(catalog.cards)) {
    if (prices?.input === undefined && prices?.output === undefined) delete catalog.cards[id];
  }
  return catalog;
}

/** The same catalog with all models, under plans that also count dollars: `usd` a month. */
export function createDollarCatalog(usd = 100, timing: Partial<Catalog["timing"]> = {}): Catalog {
  const catalog = createUndatedCatalog(timing);
  for (const plan of Object.values(catalog.plans)) plan.windows.push({ unit: "usd", per: "month", limit: usd });
  return catalog;
}

function createUndatedCatalog(timing: Partial<Catalog["timing"]>): Catalog {
  const parsed = parseCatalog(bundled);
  if (!parsed.ok) throw new Error(parsed.faults.join("; "));
  const { catalog } = parsed;
  // Most tests are about users. The tests of the budget bring one.
  delete catalog.budget;
  for (const card of Object.values(catalog.cards)) {
    const { snapshots } = card;
    // So slow that the time of a test adds a few tokens to an estimate.
    card.max_tokens_per_second = 1;
    delete (card as { fine_tuning?: { new_jobs_end?: string } }).fine_tuning?.new_jobs_end;
    for (const [name, { released }] of Object.entries(snapshots)) snapshots[name] = released ? { released } : {};
  }
  const plans = structuredClone({ ...catalog.plans, ...PLANS });
  const { "o4-mini": first } = catalog.cards;
  if (!first) throw new Error("there is no card 'o4-mini'");
  const cards = { ...catalog.cards };
  const aliases = { ...catalog.aliases };
  const addVariant = (name: string, changes: Partial<ModelCard>) => {
    const snapshot = `emulated-${name}`;
    cards[name] = { ...first, name, compare: [], snapshots: { [snapshot]: {} }, ...changes };
    aliases[name] = toAlias(snapshot);
  };
  addVariant(RESPONDENT, {
    endpoints: ["responses", "chat_completions", "batch", "fine_tuning"],
    prices: { ...first.prices, million_training_tokens: 5 },
  });
  addVariant(COMPLETER, {
    endpoints: ["completions", "batch", "fine_tuning"],
    refuses: { completions: ["temperature"] },
  });
  return { ...catalog, cards, aliases, plans, default_plan: "roomy", timing: { ...catalog.timing, ...timing } };
}

/** An alias of a name, with these settings. */
export const toAlias = (target: string, fixes: Partial<Alias> = {}): Alias => ({
  target,
  strict: false,
  fallback: [],
  ...fixes,
});

/** A catalog whose providers do not count tokens, so that estimates use the bound of the input. */
export function withoutCounter(catalog: Catalog): Catalog {
  const providers = Object.entries(catalog.providers).map(([name, each]) => [name, { ...each, counts_input: false }]);
  return { ...catalog, providers: Object.fromEntries(providers) };
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
