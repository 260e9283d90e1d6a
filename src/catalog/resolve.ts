// Which model answers: from the name that was asked for to a snapshot that is alive. Pure: the day comes in.

import type { Alias, Catalog, ModelCard } from "./schema.ts";
import { entry } from "./schema.ts";

export interface Model {
  /** The name that the caller asked for. */
  asked: string;
  /** The pinned version that is sent to the provider. */
  snapshot: string;
  /** The card's key in the catalog. */
  id: string;
  card: ModelCard;
  /** What happens to the answer when its caller leaves. */
  onLeave: Alias["on_leave"];
}

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

/**
 * Finds the snapshot behind `asked` on `today` (YYYY-MM-DD, UTC). An alias moves along the successors of ended
 * snapshots; a snapshot asked for by name, and a strict alias, never move. Total: cycles end as `ended`.
 */
export function resolveModel(catalog: Catalog, asked: string, today: string): Resolution {
  const onLeave = entry(catalog.aliases, asked)?.on_leave ?? "cancel";
  let pinned = entry(catalog.aliases, asked) === undefined;
  const seen = new Set<string>();
  let sunset: Sunset | undefined;
  let name: string | undefined = asked;
  while (name !== undefined && !seen.has(name)) {
    seen.add(name);
    const alias: Alias | undefined = entry(catalog.aliases, name);
    if (alias) {
      pinned ||= alias.strict;
      name = alias.target;
      continue;
    }
    const found = findSnapshot(catalog, name);
    if (!found) break;
    const { shutdown_date: date, successor, deprecated } = found.snapshot;
    if (date) sunset ??= { snapshot: name, date, successor, deprecated };
    if (!date || today < date) {
      const model = { asked, snapshot: name, id: found.id, card: found.card, onLeave };
      return sunset ? { kind: "found", model, sunset } : { kind: "found", model };
    }
    name = pinned ? undefined : successor;
  }
  return sunset ? { kind: "ended", sunset } : { kind: "unknown" };
}

function findSnapshot(catalog: Catalog, name: string) {
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
