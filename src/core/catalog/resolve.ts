// Which model answers: from the name that was asked for to a snapshot that is alive. Pure: the day comes in.

import type { ModelCard } from "./card.ts";
import type { Alias, Catalog } from "./schema.ts";
import { entry } from "./schema.ts";

export interface Model {
  /** The name that the caller asked for. */
  asked: string;
  /** Every name on the way: aliases, snapshots that have ended, the one that answers, and their cards. */
  names: string[];
  /** The pinned version that is sent to the provider. */
  snapshot: string;
  /** The card's key in the catalog. */
  id: string;
  card: ModelCard;
  /** The card that the name stands for; another one than `card` when the model has moved on. */
  meant: ModelCard;
  fixed: Fixed;
  /** The aliases on the way to the first snapshot, the one that was asked for first. */
  aliases: Alias[];
  /** Names that are asked in its place when it fails, in this order. */
  fallback: string[];
}

/** What the aliases on the way to the first snapshot have fixed. */
export type Fixed = Pick<Alias, "instructions" | "effort" | "max_output_tokens" | "on_leave">;

export type Resolution =
  | { kind: "found"; model: Model; /** Set when the name's own snapshot has ended or will. */ sunset?: Sunset }
  | { kind: "unknown" }
  | { kind: "ended"; sunset: Sunset };

export interface Sunset {
  snapshot: string;
  /** The first UTC day (YYYY-MM-DD) without the snapshot. */
  date: string;
  successor: string | undefined;
  /** The day on which the end was announced. */
  deprecated: string | undefined;
}

/** Before every end: the day on which each name is answered by what it stands for. */
export const FIRST_DAY = "0000-01-01";
/** After every end. */
export const LAST_DAY = "9999-12-31";

/**
 * Finds the snapshot behind `asked` on `today` (YYYY-MM-DD, UTC). An alias moves along the successors of ended
 * snapshots, then to its fallbacks; a snapshot asked for by name, and a strict alias, never move. Total: cycles end.
 */
export function resolveModel(catalog: Catalog, asked: string, today: string): Resolution {
  const names: string[] = [];
  const cards: string[] = [];
  const fallback: string[] = [];
  let pinned = entry(catalog.aliases, asked) === undefined;
  const given: Alias[] = [];
  let meant: ModelCard | undefined;
  let sunset: Sunset | undefined;
  const fallBack = () => {
    pinned = false;
    return fallback.shift();
  };
  let name: string | undefined = asked;
  while (name !== undefined) {
    const alias: Alias | undefined = entry(catalog.aliases, name);
    const found = alias ? undefined : findSnapshot(catalog, name);
    if (names.includes(name) || (!alias && !found)) {
      name = fallBack();
      continue;
    }
    names.push(name);
    if (alias) {
      pinned ||= alias.strict;
      if (!pinned) fallback.push(...alias.fallback);
      if (!meant) given.push(alias);
      name = alias.target;
    } else if (found) {
      const { id, card, snapshot } = found;
      cards.push(id);
      meant ??= card;
      const { shutdown_date: date, successor, deprecated } = snapshot;
      if (date) sunset ??= { snapshot: name, date, successor, deprecated };
      if (!date || today < date) {
        const path = { asked, names: [...names, ...cards], aliases: given, fixed: fixedBy(given), fallback };
        const model = { ...path, snapshot: name, id, card, meant };
        return sunset ? { kind: "found", model, sunset } : { kind: "found", model };
      }
      name = (pinned ? undefined : successor) ?? fallBack();
    }
  }
  return sunset ? { kind: "ended", sunset } : { kind: "unknown" };
}

/**
 * The models that are asked when one fails: those of its fallbacks that are alive on `today`, each snapshot once. A plan
 * that includes the alias includes them, too.
 */
export function fallbacksOf(catalog: Catalog, model: Model, today: string): Model[] {
  const others = new Map<string, Model>();
  const aliases: string[] = [];
  for (let name = model.asked; !aliases.includes(name);) {
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

/** What aliases have fixed, of which the first says the last word. */
function fixedBy(aliases: Alias[]): Fixed {
  const { instructions, effort, max_output_tokens, on_leave }: Alias = Object.assign({}, ...aliases.toReversed());
  return { instructions, effort, max_output_tokens, on_leave };
}

/** The card of a snapshot. */
export function findSnapshot(catalog: Catalog, name: string) {
  for (const [id, card] of Object.entries(catalog.cards)) {
    const snapshot = entry(card.snapshots, name);
    if (snapshot) return { id, card, snapshot };
  }
  return undefined;
}

/** The UTC day of a moment (epoch ms), as YYYY-MM-DD. */
export function toDay(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
