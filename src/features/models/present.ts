// Presents the catalog: cards as on the provider's page, with what is not supported too, and a comparison of models.

import { ENDPOINTS } from "../../core/catalog/endpoints.ts";
import type { Endpoint } from "../../core/catalog/endpoints.ts";
import { MODALITIES, MODEL_FEATURES, MODEL_TOOLS } from "../../core/catalog/card.ts";
import type { Modality, ModelCard } from "../../core/catalog/card.ts";
import { modelNotFound } from "../../core/catalog/choose.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import { FIRST_DAY, resolveModel, toDay } from "../../core/catalog/resolve.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { serves } from "../../core/catalog/support.ts";

/**
 * A name in OpenAI's shape (its `GET /v1/models`), with the card of the model that it stands for, ended or not, and the
 * snapshot that answers at `now` (epoch ms). Throws 404 `model_not_found`.
 */
export function toModelObject(catalog: Catalog, asked: string, now: number) {
  const { snapshot: name, id, card } = meantBy(catalog, asked);
  const snapshot = entry(card.snapshots, name);
  return {
    id: asked,
    object: "model",
    created: snapshot?.released ? Date.parse(snapshot.released) / 1000 : 0,
    owned_by: card.provider,
    shutdown_date: snapshot?.shutdown_date ?? null,
    snapshot: name,
    answered_by: answerTo(catalog, asked, now),
    card: toCardObject(catalog, id, card),
  };
}

/** What a name stands for, ended or not. */
function meantBy(catalog: Catalog, name: string): Model {
  const resolution = resolveModel(catalog, name, FIRST_DAY);
  if (resolution.kind !== "found") throw modelNotFound(name);
  return resolution.model;
}

/** The snapshot that a request for a name gets. */
function answerTo(catalog: Catalog, name: string, now: number): string | null {
  const resolution = resolveModel(catalog, name, toDay(now));
  return resolution.kind === "found" ? resolution.model.snapshot : null;
}

function toCardObject(catalog: Catalog, id: string, card: ModelCard) {
  const { snapshots, endpoints: _, features, tools, modalities, ratings, ...facts } = card;
  const inAndOut = (modality: Modality) => ({
    input: modalities.input.includes(modality),
    output: modalities.output.includes(modality),
  });
  return {
    id,
    ...facts,
    ratings: { ...ratings, price: toPriceRating(card) },
    modalities: Object.fromEntries(Object.keys(MODALITIES).map((name) => [name, inAndOut(name as Modality)])),
    endpoints: Object.entries(ENDPOINTS).map(([name, { title, path }]) => ({
      name,
      title,
      route: `/v1${path}`,
      supported: serves(catalog, card, name as Endpoint),
    })),
    features: toSupport(MODEL_FEATURES, features),
    tools: toSupport(MODEL_TOOLS, tools),
    snapshots: Object.entries(snapshots).map(([name, snapshot]) => {
      const names = { aliases: aliasesOf(catalog, name), successors: successorsOf(catalog, name) };
      return Object.assign({ id: name, ...names }, snapshot);
    }),
  };
}

/** What the page writes where other models have marks: dollars for a million tokens in and out. */
function toPriceRating({ prices: { input, output } = {} }: ModelCard): string | null {
  return input === undefined || output === undefined ? null : `$${input} · $${output}`;
}

function toSupport(titles: Record<string, string>, supported: readonly string[]) {
  return Object.entries(titles).map(([name, title]) => ({ name, title, supported: supported.includes(name) }));
}

/** The aliases that stand for a snapshot, whether it is alive or not. */
function aliasesOf(catalog: Catalog, snapshot: string): string[] {
  return Object.keys(catalog.aliases).filter((name) => snapshotOf(catalog, name) === snapshot);
}

/** The snapshots that aliases move on to, one after the other. */
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
 * The quick comparison of models by what they stand for, ended or not: prices in US dollars for a million tokens, the
 * dearest input first. Throws 404 `model_not_found`.
 */
export function compareModels(catalog: Catalog, names: string[], now: number) {
  const rows = [...new Set(names)].map((name) => {
    const { card, snapshot } = meantBy(catalog, name);
    return {
      id: name,
      name: card.name,
      input: card.prices?.input ?? null,
      cached_input: card.prices?.cached_input ?? null,
      output: card.prices?.output ?? null,
      shutdown_date: entry(card.snapshots, snapshot)?.shutdown_date ?? null,
      answered_by: answerTo(catalog, name, now),
    };
  });
  return { object: "comparison", data: rows.toSorted((one, other) => (other.input ?? 0) - (one.input ?? 0)) };
}
