// Publishing check: each plan needs a window that bounds every model's cost.

import type { ModelCard } from "./card.ts";
import { isAllowed } from "./choose.ts";
import { countsModel } from "./quota-window.ts";
import type { Model } from "./resolve.ts";
import { fallbacksOf, FIRST_DAY, resolveModel } from "./resolve.ts";
import type { Catalog, Plan } from "./schema.ts";
import { entry } from "./schema.ts";

/**
 * Every plan and model whose cost is unbounded, as `path: message` with the missing unit. `called` are names of models
 * that every plan's users can cause calls of.
 */
export function costFaults(catalog: Catalog, called: string[]): string[] {
  return Object.entries(catalog.plans).flatMap(([name, plan]) =>
    [...reachableCards(catalog, plan, called)].flatMap((id) => {
      const missing = unboundedUnit(plan, id, entry(catalog.cards, id)?.prices);
      if (!missing) return [];
      return [`plans.${name}.windows: nothing bounds the cost of '${id}': add a window that counts ${missing}`];
    }),
  );
}

/** The cards that a plan includes by any name or as a fallback, and the called ones, now or after any shutdown. */
function reachableCards(catalog: Catalog, plan: Plan, called: string[]): Set<string> {
  const snapshots = Object.values(catalog.cards).flatMap((card) => Object.entries(card.snapshots));
  const names = [...Object.keys(catalog.aliases), ...snapshots.map(([name]) => name)];
  // Only on these days does a name change its model.
  const days = new Set([FIRST_DAY, ...snapshots.flatMap(([, { shutdown_date: day }]) => day ?? [])]);
  const models = [...days].flatMap((day) =>
    names.flatMap((name) => {
      const resolution = resolveModel(catalog, name, day);
      return resolution.kind === "found" ? [resolution.model].concat(fallbacksOf(catalog, resolution.model, day)) : [];
    }),
  );
  const isReachable = (model: Model) => isAllowed(plan, model) || called.includes(model.requestedName);
  return new Set(models.filter(isReachable).map(({ id }) => id));
}

/** The unit that a window must count to bound the cost of a model; undefined when the plan has such a window. */
function unboundedUnit({ windows }: Plan, id: string, prices: ModelCard["prices"]): string | undefined {
  const {
    batch: _,
    long_context: __,
    input = 0,
    output = 0,
    cached_input = 0,
    cache_write = 0,
    million_training_tokens = 0,
    ...others
  } = prices ?? {};
  const counted = new Set(windows.filter((window) => countsModel(window, id)).map(({ unit }) => unit));
  if (counted.has("usd")) return undefined;
  const { image, audio, ...units } = others;
  if (Object.values(units).some((usd) => usd !== undefined && usd > 0)) return "usd";
  const rates = [
    input,
    output,
    cached_input,
    cache_write,
    million_training_tokens,
    ...Object.values(image ?? {}),
    ...Object.values(audio ?? {}),
  ];
  return rates.some((usd) => usd !== undefined && usd > 0) && !counted.has("tokens") ? "tokens or usd" : undefined;
}
