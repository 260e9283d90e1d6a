// Fine-tuned models: each resolves only for the user who has trained it, at its own prices.

import * as v from "valibot";
import { setNewest } from "../../core/bounded-map.ts";
import { ModelName } from "../../core/catalog/card.ts";
import { isAllowed } from "../../core/catalog/choose.ts";
import { findSnapshot, FIRST_DAY, resolveModel } from "../../core/catalog/resolve.ts";
import type { Catalog, Plan } from "../../core/catalog/schema.ts";
import type { Caller } from "../../core/gateway/call.ts";
import type { OwnModels } from "../../core/gateway/own-models.ts";
import { quotaName } from "../../core/quota/name.ts";
import { callJobs } from "../files-batch/client.ts";
import { fineTuningOf } from "./catalog.ts";

/** Base snapshots by owner and model. A model that does not exist may exist later, so only found ones are kept. */
const bases = new Map<string, string>();
const MAX_BASES = 1000;

export const fineTunedModels: OwnModels = {
  async find(caller, name) {
    const base = await baseOf(caller, name);
    return base === undefined ? undefined : withFineTuned(caller.catalog, name, base);
  },
  async list(caller) {
    const models = await callJobs(caller, (jobs) => jobs.listModels());
    for (const { name, snapshot } of models) setNewest(bases, await keyOf(caller, name), snapshot, MAX_BASES);
    return models.filter(({ name, snapshot }) => withFineTuned(caller.catalog, name, snapshot)).map(({ name }) => name);
  },
};

/** The snapshot that the caller has trained the model from; undefined when the caller has no such model. */
async function baseOf(caller: Caller, name: string): Promise<string | undefined> {
  if (!v.is(ModelName, name)) return undefined;
  const key = await keyOf(caller, name);
  const known = bases.get(key);
  if (known !== undefined) return known;
  const job = await callJobs(caller, (jobs) => jobs.jobOfModel(name));
  if (job) setNewest(bases, key, job.snapshot, MAX_BASES);
  return job?.snapshot;
}

const keyOf = async ({ user, env }: Caller, name: string) => `${await quotaName(user, env.QUOTA_PEPPER)} ${name}`;

/**
 * Returns the catalog with a fine-tuned model as a snapshot of its base's card, which has the prices of fine-tuned
 * models. It ends with its base, and plans include it where they include its base. Undefined when the catalog has no
 * such base, or no price of its fine-tuned models.
 */
export function withFineTuned(catalog: Catalog, name: string, base: string): Catalog | undefined {
  const resolution = resolveModel(catalog, base, FIRST_DAY);
  const snapshot = findSnapshot(catalog, base)?.snapshot;
  if (resolution.kind !== "found" || !snapshot) return undefined;
  const { model } = resolution;
  const facts = fineTuningOf(model.card);
  if (!facts) return undefined;
  const card = { ...model.card, prices: facts.prices, snapshots: { ...model.card.snapshots, [name]: snapshot } };
  const include = (plan: Plan): Plan =>
    plan.models && isAllowed(plan, model) ? { ...plan, models: [...plan.models, name] } : plan;
  const plans = Object.entries(catalog.plans).map(([key, plan]) => [key, include(plan)]);
  return {
    ...catalog,
    cards: { ...catalog.cards, [model.id]: card },
    plans: Object.fromEntries(plans) as Catalog["plans"],
  };
}
