// The rates of batches: half of the usual prices for most models. They are facts of the card.

import type { ModelCard } from "../../core/catalog/card.ts";
import type { Need } from "../../core/catalog/support.ts";

export type Prices = ModelCard["prices"];

/** Returns the card with its batch rates in place of its prices. Long contexts cost more by the same factors. */
export function atBatchRates(card: ModelCard): ModelCard {
  const { batch, long_context } = card.prices ?? {};
  return { ...card, prices: batch && { ...batch, ...(long_context ? { long_context } : {}) } };
}

/** A card without prices is free in batches too. */
const hasBatchRates = ({ prices }: ModelCard): boolean =>
  !prices || RATES.every((rate) => prices[rate] === undefined || prices.batch?.[rate] !== undefined);

/** A batch rate that is missing would be free. */
const RATES = ["input", "output", "image", "audio"] as const;

/** What a model needs for batches. */
export const batchNeeds = (param: string): Need[] => [
  { kind: "endpoint", endpoint: "batch", param },
  { kind: "fact", title: "batches: its card has no batch prices", isMetBy: hasBatchRates, param },
];
