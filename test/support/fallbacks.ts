// A catalog with an alias that has two fallbacks.

import type { Catalog, Plan } from "../../src/core/catalog/schema.ts";
import { createCatalogOf, RESPONDENT, toAlias } from "./catalog.ts";

/** The models in order. /chat calls the first over Chat Completions and the second over Responses. */
export const FIRST = "o4-mini-2025-04-16";
export const SECOND = "emulated-respondent";
export const THIRD = "gpt-5-mini-2025-08-07";
export const ALIAS = "sturdy";

/** Nano-dollars per token of the second model. */
export const SECOND_RATES = { input: 3000, output: 7000 };

/** The tests' catalog with that alias; the second model has prices of its own. */
export function createSturdyCatalog(plan: Partial<Plan> = {}, timing: Partial<Catalog["timing"]> = {}): Catalog {
  const catalog = createCatalogOf(plan, timing);
  const { [RESPONDENT]: second } = catalog.cards;
  if (!second) throw new Error("there is no second model");
  const cards = { ...catalog.cards, [RESPONDENT]: { ...second, prices: { input: 3, output: 7 } } };
  const aliases = { ...catalog.aliases, [ALIAS]: toAlias(FIRST, { fallback: [RESPONDENT, "gpt-5-mini"] }) };
  return { ...catalog, cards, aliases };
}
