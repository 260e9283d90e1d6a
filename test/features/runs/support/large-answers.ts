// A catalog for answers of megabytes.

import type { RunSettings } from "../../../../src/features/runs/catalog.ts";
import { runsCatalog } from "./run-user.ts";

const MOST_OUTPUT = 4_000_000;

/** The catalog of runs whose default model and plan allow the longest answers. */
export function largeCatalog(settings: Partial<RunSettings> = {}) {
  const catalog = runsCatalog(settings);
  const { "o4-mini": card } = catalog.cards;
  if (!card) throw new Error("there is no card 'o4-mini'");
  const { roomy } = catalog.plans;
  return {
    ...catalog,
    cards: { ...catalog.cards, "o4-mini": { ...card, max_output_tokens: MOST_OUTPUT } },
    plans: { ...catalog.plans, roomy: { ...roomy, max_output_tokens: MOST_OUTPUT } },
  };
}
