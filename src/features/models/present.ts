// The public JSON of models: OpenAI's model object with the card, and a comparison.
// A card lists unsupported features too, as the provider's own model page does.

import { ENDPOINTS } from "../../core/catalog/endpoints.ts";
import type { Endpoint, EndpointRoute } from "../../core/catalog/endpoints.ts";
import { MODALITIES, MODEL_FEATURES, MODEL_TOOLS } from "../../core/catalog/card.ts";
import type { Modality, ModelCard } from "../../core/catalog/card.ts";
import { modelNotFound } from "../../core/catalog/choose.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import { FIRST_DAY, resolveModel, toDay } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { serves } from "../../core/catalog/support.ts";
import { hasRouteFor } from "../../core/feature.ts";

/**
 * Returns a model in the format of OpenAI's `GET /v1/models`, even after its shutdown. `answered_by` is the snapshot
 * that serves the name at `now` (epoch ms), or null. `served`: a route of this deployment serves it. Throws 404
 * `model_not_found`.
 */
export function toModelObject(catalog: Catalog, requestedName: string, now: number) {
  const { snapshot: name, card } = originalModel(catalog, requestedName);
  const snapshot = entry(card.snapshots, name);
  const answering = answeringModel(catalog, requestedName, now);
  return {
    id: requestedName,
    object: "model",
    created: snapshot?.released ? Date.parse(snapshot.released) / 1000 : 0,
    owned_by: card.provider,
    shutdown_date: snapshot?.shutdown_date ?? null,
    snapshot: name,
    answered_by: answering?.snapshot ?? null,
    served: answering !== undefined && isServed(catalog, answering.card),
  };
}

/** Returns a model with its card. Throws 404 `model_not_found`. */
export function toModelWithCard(catalog: Catalog, requestedName: string, now: number) {
  const { id, card } = originalModel(catalog, requestedName);
  return { ...toModelObject(catalog, requestedName, now), card: toCardObject(catalog, id, card) };
}

const isServed = (catalog: Catalog, card: ModelCard) =>
  card.endpoints.some((endpoint) => hasRouteFor(endpoint) && serves(catalog, card, endpoint));

/** The model of a name, ignoring shutdown dates. */
function originalModel(catalog: Catalog, name: string): Model {
  const resolution = resolveModel(catalog, name, FIRST_DAY);
  if (resolution.kind !== "found") throw modelNotFound(name);
  return resolution.model;
}

/** The model that serves a name now; undefined when none does. */
function answeringModel(catalog: Catalog, name: string, now: number): Model | undefined {
  const resolution = resolveModel(catalog, name, toDay(now));
  return resolution.kind === "found" ? resolution.model : undefined;
}

function toCardObject(catalog: Catalog, id: string, card: ModelCard) {
  const { snapshots, endpoints: _, features, tools, modalities, ratings, ...facts } = card;
  const directions = (modality: Modality) => ({
    input: modalities.input.includes(modality),
    output: modalities.output.includes(modality),
  });
  return {
    id,
    ...facts,
    ratings: { ...ratings, price: toPriceRating(card) },
    modalities: Object.fromEntries(Object.keys(MODALITIES).map((name) => [name, directions(name as Modality)])),
    endpoints: Object.entries<EndpointRoute>(ENDPOINTS).map(([name, { title, path, end = null }]) => ({
      name,
      title,
      route: `/v1${path}`,
      end,
      supported: serves(catalog, card, name as Endpoint),
      served: serves(catalog, card, name as Endpoint) && hasRouteFor(name as Endpoint),
    })),
    features: toSupport(MODEL_FEATURES, features),
    tools: toSupport(MODEL_TOOLS, tools),
    snapshots: Object.entries(snapshots).map(([name, snapshot]) => {
      const names = { aliases: aliasesOf(catalog, name), successors: successorsOf(catalog, name) };
      return Object.assign({ id: name, ...names }, snapshot);
    }),
  };
}

/** The price rating: US dollars per million input tokens and per million output tokens. */
function toPriceRating({ prices: { input, output } = {} }: ModelCard): string | null {
  return input === undefined || output === undefined ? null : `$${input} · $${output}`;
}

function toSupport(titles: Record<string, string>, supported: readonly string[]) {
  return Object.entries(titles).map(([name, title]) => ({ name, title, supported: supported.includes(name) }));
}

/** The aliases of a snapshot, ignoring shutdown dates. */
function aliasesOf(catalog: Catalog, snapshot: string): string[] {
  return Object.keys(catalog.aliases).filter((name) => snapshotOf(catalog, name) === snapshot);
}

/** The chain of successors of a snapshot. */
function successorsOf(catalog: Catalog, name: string): string[] {
  const chain = [name];
  for (;;) {
    const last = resolveModel(catalog, chain.at(-1) ?? name, FIRST_DAY);
    const successor =
      last.kind === "found" ? entry(last.model.card.snapshots, last.model.snapshot)?.successor : undefined;
    const next = successor && snapshotOf(catalog, successor);
    if (!next || chain.includes(next)) return chain.slice(1);
    chain.push(next);
  }
}

function snapshotOf(catalog: Catalog, name: string): string | undefined {
  const resolution = resolveModel(catalog, name, FIRST_DAY);
  return resolution.kind === "found" ? resolution.model.snapshot : undefined;
}

/**
 * Compares models, ignoring shutdown dates: prices in US dollars per million tokens, sorted by input price, the highest
 * first. Throws 404 `model_not_found`.
 */
export function compareModels(catalog: Catalog, names: string[], now: number) {
  const rows = [...new Set(names)].map((name) => {
    const { card, snapshot } = originalModel(catalog, name);
    return {
      id: name,
      name: card.name,
      input: card.prices?.input ?? null,
      cached_input: card.prices?.cached_input ?? null,
      output: card.prices?.output ?? null,
      shutdown_date: entry(card.snapshots, snapshot)?.shutdown_date ?? null,
      answered_by: answeringModel(catalog, name, now)?.snapshot ?? null,
    };
  });
  return { object: "comparison", data: rows.toSorted((one, other) => (other.input ?? 0) - (one.input ?? 0)) };
}
