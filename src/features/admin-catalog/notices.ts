// Notices for the operator: models that end soon, and where providers and catalog differ. Pure: the day and the providers'
// lists come in.

import { resolveModel } from "../../core/catalog/resolve.ts";
import type { ListedModel } from "../../core/gateway/provider.ts";
import type { Catalog } from "../../core/catalog/schema.ts";

export interface Notice {
  /** `unannounced`: the provider tells an end that the catalog does not know. `unreachable`: it told nothing at all. */
  kind: "ending" | "missing" | "unannounced" | "unreachable";
  provider: string;
  snapshot?: string;
  /** YYYY-MM-DD. */
  shutdownDate?: string;
  message: string;
}

export interface Notices {
  /** Epoch ms. */
  checkedAt: number;
  notices: Notice[];
}

const SOON_DAYS = 60;
const DAY_MS = 86_400_000;

/** The notices of `today` (YYYY-MM-DD). `listed`: what each provider says that it serves; undefined when it did not say. */
export function findNotices(catalog: Catalog, listed: Map<string, ListedModel[] | undefined>, today: string): Notice[] {
  const silent = [...listed].flatMap(([provider, models]): Notice[] =>
    models ? [] : [{ kind: "unreachable", provider, message: `${provider} did not say which models it serves.` }],
  );
  const cards = Object.values(catalog.cards);
  const told = cards.flatMap(({ provider, snapshots }) =>
    Object.entries(snapshots).flatMap(([snapshot, { shutdown_date }]) => {
      const models = listed.get(provider);
      const model = models?.find(({ id }) => id === snapshot);
      if (shutdown_date && shutdown_date <= today) return model ? [stillServed(provider, snapshot, shutdown_date)] : [];
      const known = { snapshot, provider, expected: shutdown_date, said: model?.shutdown_date ?? undefined };
      const missing: Notice[] =
        models && !model
          ? [{ kind: "missing", provider, snapshot, message: `${provider} does not list ${snapshot}.` }]
          : [];
      return missing.concat(unannounced(known), ending(catalog, known, today));
    }),
  );
  return [...silent, ...told];
}

interface Known {
  snapshot: string;
  provider: string;
  /** The end that the catalog expects, and the one that the provider tells. */
  expected: string | undefined;
  said: string | undefined;
}

function stillServed(provider: string, snapshot: string, shutdownDate: string): Notice {
  const message = `${provider} still serves ${snapshot}, which the catalog ends on ${shutdownDate}.`;
  return { kind: "unannounced", provider, snapshot, shutdownDate, message };
}

function unannounced({ snapshot, provider, expected, said }: Known): Notice[] {
  if (said === undefined || said === expected) return [];
  const message = `${provider} ends ${snapshot} on ${said}; the catalog says ${expected ?? "nothing of it"}.`;
  return [{ kind: "unannounced", provider, snapshot, shutdownDate: said, message }];
}

function ending(catalog: Catalog, { snapshot, provider, expected, said }: Known, today: string): Notice[] {
  const date = expected && said ? earlier(expected, said) : (expected ?? said);
  if (date === undefined) return [];
  const days = Math.round((Date.parse(date) - Date.parse(today)) / DAY_MS);
  if (days > SOON_DAYS) return [];
  const when = days > 0 ? `ends on ${date}, in ${days} ${days === 1 ? "day" : "days"}` : `ended on ${date}`;
  const message = `${snapshot} ${when}. ${followersOf(catalog, snapshot, today, date)}`;
  return [{ kind: "ending", provider, snapshot, shutdownDate: date, message }];
}

const earlier = (one: string, other: string) => (one < other ? one : other);

/** Where the aliases go that a snapshot answers today, once it has ended on `date`. */
function followersOf(catalog: Catalog, snapshot: string, today: string, date: string): string {
  const aliases = Object.keys(catalog.aliases).filter((name) => answerOf(catalog, name, today) === snapshot);
  if (aliases.length === 0) return "No alias leads to it.";
  const later = endedOn(catalog, snapshot, date);
  const ways = aliases.map((name) => `'${name}' then goes to ${answerOf(later, name, date) ?? "nothing: 404"}`);
  return `${ways.join(", ")}.`;
}

function answerOf(catalog: Catalog, name: string, day: string): string | undefined {
  const resolution = resolveModel(catalog, name, day);
  return resolution.kind === "found" ? resolution.model.snapshot : undefined;
}

/** The catalog as it would be if it knew of an end. */
function endedOn(catalog: Catalog, snapshot: string, date: string): Catalog {
  const later = structuredClone(catalog);
  for (const { snapshots } of Object.values(later.cards)) {
    const ending = snapshots[snapshot];
    if (ending) ending.shutdown_date = date;
  }
  return later;
}
