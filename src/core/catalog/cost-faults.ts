// Publishing check: each plan needs a window that bounds every model's cost.

import type { ModelCard } from "./card.ts";
import { isAllowed } from "./choose.ts";
import { countsModel } from "./quota-window.ts";
import { fallbacksOf, FIRST_DAY, resolveModel } from "./resolve.ts";
import type { Catalog, Plan } from "./schema.ts";
import { entry } from "./schema.ts";

/** Every plan and model whose cost is unbounded, as `path: message` with the missing unit. */
export function costFaults(catalog: Catalog): string[] {
  return Object.entries(catalog.plans).flatMap(([name, plan]) =>
    [...allowedCards(catalog, plan)].flatMap((id) => {
      const missing = unboundedUnit(plan, id, entry(catalog.cards, id)?.prices);
      if (!missing) return [];
      return [`plans.${name}.windows: nothing bounds the cost of '${id}': add a window that counts ${missing}`];
    }),
  );
}

/** The cards that a plan includes by any name or as a fallback, now or after any shutdown. */
function allowedCards(catalog: Catalog, plan: Plan): Set<string> {
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
  return new Set(models.filter((model) => isAllowed(plan, model)).map(({ id }) => id));
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
    ...Object.values(image ?? {}),
    ...Object.values(audio ?? {}),
  ];
  return rates.some((usd) => usd !== undefined && usd > 0) && !counted.has("tokens") ? "tokens or usd" : undefined;
}
