// Notices for the operator: upcoming shutdowns, and differences between providers and catalog.
// Pure: the day and the providers' model lists are arguments.

import { resolveModel } from "../../core/catalog/resolve.ts";
import type { ListedModel } from "../../core/gateway/provider.ts";
import type { Catalog } from "../../core/catalog/schema.ts";

export interface Notice {
  /**
   * `ending`: a snapshot shuts down soon. `missing`: the provider does not list it. `unannounced`: the provider's
   * shutdown date differs from the catalog's. `unreachable`: the provider's list could not be read.
   */
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

/**
 * Returns the notices for `today` (YYYY-MM-DD). `listed` holds each provider's model list, or undefined where the list
 * could not be read. Providers without an entry are not compared.
 */
export function findNotices(catalog: Catalog, listed: Map<string, ListedModel[] | undefined>, today: string): Notice[] {
  const unreachable = [...listed].flatMap(([provider, models]): Notice[] =>
    models ? [] : [{ kind: "unreachable", provider, message: `The model list of ${provider} could not be read.` }],
  );
  const cards = Object.values(catalog.cards);
  const differences = cards.flatMap(({ provider, snapshots }) =>
    Object.entries(snapshots).flatMap(([snapshot, { shutdown_date }]) => {
      const models = listed.get(provider);
      const model = models?.find(({ id }) => id === snapshot);
      if (shutdown_date && shutdown_date <= today) return model ? [stillServed(provider, snapshot, shutdown_date)] : [];
      const dates = { snapshot, provider, planned: shutdown_date, announced: model?.shutdown_date ?? undefined };
      const missing: Notice[] =
        models && !model
          ? [{ kind: "missing", provider, snapshot, message: `${provider} does not list ${snapshot}.` }]
          : [];
      return missing.concat(unannounced(dates), ending(catalog, dates, today));
    }),
  );
  return [...unreachable, ...differences];
}

interface ShutdownDates {
  snapshot: string;
  provider: string;
  /** The shutdown date in the catalog. */
  planned: string | undefined;
  /** The shutdown date in the provider's list. */
  announced: string | undefined;
}

function stillServed(provider: string, snapshot: string, shutdownDate: string): Notice {
  const message = `${provider} still serves ${snapshot}, which the catalog ends on ${shutdownDate}.`;
  return { kind: "unannounced", provider, snapshot, shutdownDate, message };
}

function unannounced({ snapshot, provider, planned, announced }: ShutdownDates): Notice[] {
  if (announced === undefined || announced === planned) return [];
  const message = `${provider} ends ${snapshot} on ${announced}; the catalog says ${planned ?? "nothing about a shutdown"}.`;
  return [{ kind: "unannounced", provider, snapshot, shutdownDate: announced, message }];
}

function ending(catalog: Catalog, { snapshot, provider, planned, announced }: ShutdownDates, today: string): Notice[] {
  const date = planned && announced ? earlier(planned, announced) : (planned ?? announced);
  if (date === undefined) return [];
  const days = Math.round((Date.parse(date) - Date.parse(today)) / DAY_MS);
  if (days > SOON_DAYS) return [];
  const when = days > 0 ? `ends on ${date}, in ${days} ${days === 1 ? "day" : "days"}` : `ended on ${date}`;
  const message = `${snapshot} ${when}. ${describeSuccession(catalog, snapshot, today, date)}`;
  return [{ kind: "ending", provider, snapshot, shutdownDate: date, message }];
}

const earlier = (one: string, other: string) => (one < other ? one : other);

/** Names the snapshot that serves each alias of today's `snapshot` after its shutdown on `date`. */
function describeSuccession(catalog: Catalog, snapshot: string, today: string, date: string): string {
  const aliases = Object.keys(catalog.aliases).filter((name) => snapshotFor(catalog, name, today) === snapshot);
  if (aliases.length === 0) return "No alias leads to it.";
  const later = withShutdown(catalog, snapshot, date);
  const targets = aliases.map((name) => `'${name}' then goes to ${snapshotFor(later, name, date) ?? "nothing: 404"}`);
  return `${targets.join(", ")}.`;
}

function snapshotFor(catalog: Catalog, name: string, day: string): string | undefined {
  const resolution = resolveModel(catalog, name, day);
  return resolution.kind === "found" ? resolution.model.snapshot : undefined;
}

/** Returns a copy of the catalog with that shutdown date. */
function withShutdown(catalog: Catalog, snapshot: string, date: string): Catalog {
  const later = structuredClone(catalog);
  for (const { snapshots } of Object.values(later.cards)) {
    const ending = snapshots[snapshot];
    if (ending) ending.shutdown_date = date;
  }
  return later;
}
