// Catalog checks beyond the schema: unresolved names and contradictions between parts.

import type { QuotaWindow } from "./quota-window.ts";
import { countsModel, windowKey } from "./quota-window.ts";
import { FIRST_DAY, LAST_DAY, resolveModel } from "./resolve.ts";
import type { Catalog } from "./schema.ts";
import { entry } from "./schema.ts";
import type { CatalogNames, CatalogSection } from "./sections.ts";

/** Returns every fault of a document that matches the schema, as `path: message`. Empty for a valid catalog. */
export function faultsOf(catalog: Catalog, sections: CatalogSection[]): string[] {
  const snapshots = new Set(Object.values(catalog.cards).flatMap((card) => Object.keys(card.snapshots)));
  const names: CatalogNames = {
    isModelName: (name) => snapshots.has(name) || Object.hasOwn(catalog.aliases, name),
    cardFor: (name) => entry(catalog.cards, cardOf(catalog, name) ?? ""),
  };
  return [
    ...cardFaults(catalog, names),
    ...aliasFaults(catalog, snapshots, names),
    ...planFaults(catalog, names),
    ...windowFaults(catalog, "budget", catalog.budget?.windows ?? []),
    ...sections.flatMap((section) => section.faults?.(catalog, names) ?? []),
  ];
}

function cardFaults({ cards, providers, plans, budget }: Catalog, { isModelName }: CatalogNames): string[] {
  const faults: string[] = [];
  const limited = [...Object.values(plans), ...(budget ? [budget] : [])];
  const dollars = limited.flatMap(({ windows }) => windows.filter(({ unit }) => unit === "usd"));
  const owners = new Map<string, string>();
  for (const [id, card] of Object.entries(cards)) {
    const path = `cards.${id}`;
    if (!entry(providers, card.provider)) faults.push(`${path}.provider: no provider '${card.provider}'`);
    const chats = card.endpoints.includes("chat_completions") || card.endpoints.includes("responses");
    if (chats && card.modalities.input.includes("image") && !card.image_tokens) {
      faults.push(`${path}.image_tokens: is needed, since the model takes images`);
    }
    const isCounted = dollars.some((window) => countsModel(window, id));
    if (chats && isCounted && (card.prices?.input === undefined || card.prices.output === undefined)) {
      faults.push(`${path}.prices: input and output are needed, since a plan or the budget counts dollars`);
    }
    for (const other of card.compare) if (!isModelName(other)) faults.push(`${path}.compare: no model '${other}'`);
    for (const [name, { successor }] of Object.entries(card.snapshots)) {
      const owner = owners.get(name);
      if (owner !== undefined) faults.push(`${path}.snapshots.${name}: is in the card '${owner}' too`);
      owners.set(name, id);
      if (successor && !isModelName(successor)) {
        faults.push(`${path}.snapshots.${name}.successor: no model '${successor}'`);
      }
    }
  }
  return faults;
}

function aliasFaults(catalog: Catalog, snapshots: Set<string>, { isModelName }: CatalogNames): string[] {
  const faults: string[] = [];
  for (const [name, alias] of Object.entries(catalog.aliases)) {
    const path = `aliases.${name}`;
    if (snapshots.has(name)) faults.push(`${path}: is a snapshot too`);
    if (!isModelName(alias.target)) faults.push(`${path}.target: no model '${alias.target}'`);
    for (const other of alias.fallback) if (!isModelName(other)) faults.push(`${path}.fallback: no model '${other}'`);
    const first = resolveModel(catalog, name, FIRST_DAY);
    if (first.kind === "unknown" && isModelName(alias.target)) faults.push(`${path}.target: the aliases form a cycle`);
    const last = resolveModel(catalog, name, LAST_DAY);
    const efforts = [first, last].flatMap((end) =>
      end.kind === "found" ? (end.model.card.reasoning?.efforts ?? []) : [],
    );
    if (alias.effort && first.kind === "found" && !efforts.includes(alias.effort)) {
      faults.push(
        `${path}.effort: '${alias.effort}' is not an effort of the card '${first.model.id}' or of its successor`,
      );
    }
    if (alias.strict && alias.fallback.length > 0) faults.push(`${path}.fallback: a strict alias has none`);
  }
  if (!entry(catalog.aliases, "default")) faults.push("aliases.default: is needed, for requests that name no model");
  return faults;
}

function planFaults(catalog: Catalog, { isModelName }: CatalogNames): string[] {
  const faults: string[] = [];
  for (const [name, { windows, models }] of Object.entries(catalog.plans)) {
    const path = `plans.${name}`;
    faults.push(...windowFaults(catalog, path, windows));
    for (const id of models ?? []) {
      if (!entry(catalog.cards, id) && !isModelName(id)) faults.push(`${path}.models: no model '${id}'`);
    }
  }
  if (!entry(catalog.plans, catalog.default_plan)) faults.push(`default_plan: no plan '${catalog.default_plan}'`);
  return faults;
}

function windowFaults(catalog: Catalog, path: string, windows: QuotaWindow[]): string[] {
  const unknown = windows.flatMap(({ models = [] }) => models.filter((id) => !entry(catalog.cards, id)));
  const uncounted = windows.flatMap(({ models = [] }) => uncountedSuccessors(catalog, models));
  const keys = windows.map(windowKey);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index).slice(0, 1);
  return [
    ...unknown.map((id) => `${path}.windows: no card '${id}'`),
    ...uncounted.map((id) => `${path}.windows: does not count '${id}', a successor or fallback of its models`),
    ...twice.map((key) => `${path}.windows: has '${key}' twice`),
  ];
}

/**
 * Successors and fallbacks of a window's models that the window does not count, so that they would bypass its limit.
 */
function uncountedSuccessors(catalog: Catalog, counted: string[]): string[] {
  const successors = counted.flatMap((id) =>
    Object.values(entry(catalog.cards, id)?.snapshots ?? {}).flatMap(({ successor }) => successor ?? []),
  );
  const fallbacks = Object.entries(catalog.aliases).flatMap(([name, { fallback }]) =>
    counted.includes(cardOf(catalog, name) ?? "") ? fallback : [],
  );
  const cards = [...successors, ...fallbacks].flatMap((name) => cardOf(catalog, name) ?? []);
  return [...new Set(cards)].filter((id) => !counted.includes(id));
}

function cardOf(catalog: Catalog, name: string): string | undefined {
  const first = resolveModel(catalog, name, FIRST_DAY);
  return first.kind === "found" ? first.model.id : undefined;
}
