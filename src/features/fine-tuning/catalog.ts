// The field `fine_tuning` of model cards: methods, the price of fine-tuned models, and the end of new jobs.

import * as v from "valibot";
import type { ModelCard } from "../../core/catalog/card.ts";
import { isAllowed } from "../../core/catalog/choose.ts";
import type { QuotaWindow } from "../../core/catalog/quota-window.ts";
import { countsModel } from "../../core/catalog/quota-window.ts";
import { FIRST_DAY, resolveModel } from "../../core/catalog/resolve.ts";
import type { Catalog, Plan } from "../../core/catalog/schema.ts";
import type { CatalogSection } from "../../core/catalog/sections.ts";

const Usd = v.pipe(v.number(), v.minValue(0));

/** US dollars per million tokens. */
const CallRates = { input: Usd, cached_input: v.optional(Usd), output: Usd };

const FineTuning = v.strictObject({
  /** The methods that are priced by training tokens: `prices.million_training_tokens` of the card. */
  methods: v.optional(v.array(v.picklist(["supervised", "dpo"])), []),
  /** The most epochs of a job, and those of a job that names none. 50 is OpenAI's limit. */
  max_epochs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(50)), 3),
  /** Allows reinforcement fine-tuning, which is priced by time. A job is cancelled at the ceiling. */
  reinforcement: v.optional(
    v.strictObject({
      max_training_seconds: v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(864_000)),
      usd_per_hour: Usd,
    }),
  ),
  /** Prices of calls of fine-tuned models. */
  prices: v.strictObject({ ...CallRates, batch: v.optional(v.strictObject(CallRates)) }),
  /** The first day (YYYY-MM-DD, UTC) on which the provider takes no new jobs. */
  new_jobs_end: v.optional(v.pipe(v.string(), v.isoDate())),
});

export type FineTuning = v.InferOutput<typeof FineTuning>;

/** Returns the field `fine_tuning` of a card. */
export const fineTuningOf = (card: ModelCard): FineTuning | undefined =>
  (card as ModelCard & { fine_tuning?: FineTuning }).fine_tuning;

export const fineTuningSection: CatalogSection = {
  card: { fine_tuning: v.optional(FineTuning) },
  faults: (catalog) =>
    Object.entries(catalog.cards).flatMap(([id, card]) => {
      const facts = fineTuningOf(card);
      return facts ? faultsOf(catalog, id, card, facts).map((fault) => `cards.${id}.fine_tuning.${fault}`) : [];
    }),
  warnings: ({ cards }) =>
    Object.entries(cards).flatMap(([id, card]) => {
      const hasEffect = !fineTuningOf(card) || card.endpoints.includes("fine_tuning");
      return hasEffect ? [] : [`cards.${id}.fine_tuning: has no effect without the endpoint fine_tuning`];
    }),
};

function faultsOf(catalog: Catalog, id: string, card: ModelCard, { methods, reinforcement }: FineTuning): string[] {
  const { plans, budget } = catalog;
  const countsDollars = ({ windows }: { windows: QuotaWindow[] }) =>
    windows.some((window) => window.unit === "usd" && countsModel(window, id));
  const isPriced = [...Object.values(plans), ...(budget ? [budget] : [])].some(countsDollars);
  const unbounded = Object.keys(plans).filter((name) => {
    const plan = plans[name];
    return plan !== undefined && mayTrain(catalog, plan, card) && !countsDollars(plan);
  });
  const faults: string[] = [];
  if (methods.length > 0 && isPriced && card.prices?.million_training_tokens === undefined) {
    faults.push("methods: need prices.million_training_tokens, since a plan or the budget counts dollars");
  }
  if (reinforcement) {
    for (const name of unbounded) faults.push(`reinforcement: the plan '${name}' needs a window that counts usd`);
  }
  return faults;
}

function mayTrain(catalog: Catalog, plan: Plan, card: ModelCard): boolean {
  return Object.keys(card.snapshots).some((name) => {
    const resolution = resolveModel(catalog, name, FIRST_DAY);
    return resolution.kind === "found" && isAllowed(plan, resolution.model);
  });
}
