// Model resolution: from a requested name to a live snapshot.
// Pure: the day is an argument.

import type { ModelCard } from "./card.ts";
import type { Alias, Catalog } from "./schema.ts";
import { entry } from "./schema.ts";

export interface Model {
  /** An alias or a snapshot, as the caller named it. */
  requestedName: string;
  /** Every name on the path: aliases, ended snapshots, the snapshot that answers, and their cards. */
  names: string[];
  /** The pinned version that the provider is called with. */
  snapshot: string;
  /** The card's key in the catalog. */
  id: string;
  card: ModelCard;
  /** The card of the first snapshot on the path. Differs from `card` after a move to a successor or fallback. */
  requestedCard: ModelCard;
  fixed: Fixed;
  /** The aliases on the path to the first snapshot; the requested one is the first. */
  aliases: Alias[];
  /** Fallbacks when its provider fails, in order. */
  fallback: string[];
}

/** Settings that the aliases fix, so that callers cannot change them. */
export type Fixed = Pick<Alias, "instructions" | "effort" | "max_output_tokens" | "on_leave">;

export type Resolution =
  | { kind: "found"; model: Model; /** Set when the first snapshot has a shutdown date. */ sunset?: Sunset }
  | { kind: "unknown" }
  | { kind: "ended"; sunset: Sunset };

export interface Sunset {
  snapshot: string;
  /** The shutdown date: the first UTC day (YYYY-MM-DD) without the snapshot. */
  date: string;
  successor: string | undefined;
  /** The day of the announcement. */
  deprecated: string | undefined;
}

/** A day before every shutdown: each name resolves to its own snapshot. */
export const FIRST_DAY = "0000-01-01";
/** A day after every shutdown. */
export const LAST_DAY = "9999-12-31";

/**
 * Resolves a name on `today` (YYYY-MM-DD, UTC). An alias follows the successors of ended snapshots, then its fallbacks.
 * A snapshot requested by name and a strict alias never move. A cycle in the catalog leads to the fallbacks.
 */
export function resolveModel(catalog: Catalog, requestedName: string, today: string): Resolution {
  const names: string[] = [];
  const cards: string[] = [];
  const fallback: string[] = [];
  let isFixedName = entry(catalog.aliases, requestedName) === undefined;
  const aliases: Alias[] = [];
  let requestedCard: ModelCard | undefined;
  let sunset: Sunset | undefined;
  const fallBack = () => {
    isFixedName = false;
    return fallback.shift();
  };
  let name: string | undefined = requestedName;
  while (name !== undefined) {
    const alias: Alias | undefined = entry(catalog.aliases, name);
    const found = alias ? undefined : findSnapshot(catalog, name);
    if (names.includes(name) || (!alias && !found)) {
      name = fallBack();
      continue;
    }
    names.push(name);
    if (alias) {
      isFixedName ||= alias.strict;
      if (!isFixedName) fallback.push(...alias.fallback);
      if (!requestedCard) aliases.push(alias);
      name = alias.target;
    } else if (found) {
      const { id, card, snapshot } = found;
      cards.push(id);
      requestedCard ??= card;
      const { shutdown_date: date, successor, deprecated } = snapshot;
      if (date) sunset ??= { snapshot: name, date, successor, deprecated };
      if (!date || today < date) {
        const path = { requestedName, names: [...names, ...cards], aliases, fixed: fixedBy(aliases), fallback };
        const model = { ...path, snapshot: name, id, card, requestedCard };
        return sunset ? { kind: "found", model, sunset } : { kind: "found", model };
      }
      name = (isFixedName ? undefined : successor) ?? fallBack();
    }
  }
  return sunset ? { kind: "ended", sunset } : { kind: "unknown" };
}

/**
 * Returns the fallbacks of a model that are live on `today`, each snapshot once. A plan that includes the alias
 * includes its fallbacks.
 */
export function fallbacksOf(catalog: Catalog, model: Model, today: string): Model[] {
  const others = new Map<string, Model>();
  const aliases: string[] = [];
  for (let name = model.requestedName; !aliases.includes(name);) {
    const alias = entry(catalog.aliases, name);
    if (!alias) break;
    aliases.push(name);
    name = alias.target;
  }
  for (const name of model.fallback) {
    const resolution = resolveModel(catalog, name, today);
    if (resolution.kind !== "found") continue;
    const { names, snapshot, id, card } = resolution.model;
    if (snapshot === model.snapshot || others.has(snapshot)) continue;
    others.set(snapshot, { ...model, names: [...aliases, ...names], snapshot, id, card, fallback: [] });
  }
  return [...others.values()];
}

/** Merges the settings of aliases; an earlier alias overrides a later one. */
function fixedBy(aliases: Alias[]): Fixed {
  const { instructions, effort, max_output_tokens, on_leave }: Alias = Object.assign({}, ...aliases.toReversed());
  return { instructions, effort, max_output_tokens, on_leave };
}

/** Finds the card of a snapshot. */
export function findSnapshot(catalog: Catalog, name: string) {
  for (const [id, card] of Object.entries(catalog.cards)) {
    const snapshot = entry(card.snapshots, name);
    if (snapshot) return { id, card, snapshot };
  }
  return undefined;
}

/** Converts a time (epoch ms) to its UTC day (YYYY-MM-DD). */
export function toDay(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
