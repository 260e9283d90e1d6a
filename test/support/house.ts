// The tests' catalog with a second provider `house`, and its one model.

import type { ModelCard } from "../../src/core/catalog/card.ts";
import type { Catalog } from "../../src/core/catalog/schema.ts";
import { createCatalog } from "./catalog.ts";

export const HOUSE_MODEL = "emulated-house-1";
export const HOUSE_HOST = "models.house.test";

/** The tests' catalog with that provider. */
export function createHouseCatalog(provider: Record<string, unknown> = {}, card: Partial<ModelCard> = {}) {
  const catalog: Catalog = createCatalog();
  const house = {
    base_url: `https://${HOUSE_HOST}/api/v1/`,
    key_variable: "HOUSE_API_KEY",
    headers: { "x-house-tenant": "weir", "x-title": "A starter" },
    endpoints: ["chat_completions"],
    lists_models: false,
    ...provider,
  };
  const houseCard = {
    provider: "house",
    name: "House",
    modalities: { input: ["text"], output: ["text"] },
    endpoints: ["chat_completions"],
    features: ["streaming"],
    output_parameter: "max_tokens",
    prices: { input: 1, output: 2 },
    snapshots: { [HOUSE_MODEL]: {} },
    ...card,
  };
  const providers = { ...catalog.providers, house };
  return { ...catalog, providers, cards: { ...catalog.cards, house: houseCard } };
}
