// The models with their cards: loading, one entry per card, and finding a model by any of its names.

import { ApiProblem, json } from "./api.js";
import { token } from "./session.js";

/**
 * @typedef {{ input?: number, cached_input?: number, cache_write?: number, output?: number }} TokenRates
 * @typedef {TokenRates & { image?: TokenRates, audio?: TokenRates, minute_of_audio?: number,
 *   million_characters?: number, second_of_video?: number, million_training_tokens?: number }} Rates
 * @typedef {Rates & { batch?: Rates, long_context?: { above_input_tokens: number, input_times: number,
 *   output_times: number } }} Prices
 * @typedef {{ name: string, title: string, supported: boolean }} Support
 * @typedef {Support & { route: string, end?: string | null, served?: boolean }} EndpointSupport
 * @typedef {{ id: string, aliases: string[], successors: string[], released?: string, deprecated?: string,
 *   shutdown_date?: string, successor?: string }} Snapshot
 * @typedef {{ requests_per_minute?: number, tokens_per_minute?: number, batch_queue_tokens?: number }} RateLimits
 * @typedef {{ id: string, name: string, provider: string, tagline?: string, description?: string, default: boolean,
 *   ratings: { reasoning?: number, speed?: number, price: string | null }, compare: string[],
 *   context_window?: number, max_input_tokens?: number, max_output_tokens?: number, knowledge_cutoff?: string,
 *   reasoning?: { efforts: string[] }, prices?: Prices,
 *   modalities: Record<string, { input: boolean, output: boolean }>, endpoints: EndpointSupport[],
 *   features: Support[], tools: Support[], refuses: Record<string, string[]>,
 *   rate_limits?: Record<string, RateLimits>, snapshots: Snapshot[] }} Card
 * @typedef {{ id: string, snapshot: string, shutdown_date: string | null, answered_by: string | null,
 *   served: boolean, owned_by: string, card: Card }} ModelEntry
 * @typedef {{ name: string, names: string[], entry: ModelEntry, card: Card }} Model
 *   One card. `name` is its main name, `names` are all names that answer today.
 */

/** Loads all models that the user can see. Without a valid token, these are the public ones. */
export async function loadModels() {
  if (token() === "") return toModels(await json("/cards"));
  try {
    return toModels(await json("/v1/models?cards=true"));
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
    const response = await json("/cards", { bearer: "" }).catch(() => undefined);
    if (response === undefined) throw error;
    return toModels(response);
  }
}

/**
 * Loads a model that the list does not have, because it has ended. Undefined when there is none, or without a token.
 * @param {string} name
 * @returns {Promise<Model | undefined>}
 */
export async function loadEndedModel(name) {
  if (token() === "") return undefined;
  const path = name.split("/").map(encodeURIComponent).join("/");
  try {
    /** @type {ModelEntry} */
    const entry = await json(`/v1/models/${path}`);
    return { name: entry.id, names: [], entry, card: entry.card };
  } catch (error) {
    if (error instanceof ApiProblem && [401, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/**
 * One model per card, the default first, then in the order of the catalog.
 * @param {{ data: ModelEntry[] }} list
 * @returns {Model[]}
 */
export function toModels({ data }) {
  /** @type {Map<string, Model>} */
  const models = new Map();
  for (const entry of data) {
    const known = models.get(entry.card.id);
    if (!known) models.set(entry.card.id, { name: entry.id, names: [entry.id], entry, card: entry.card });
    else {
      known.names.push(entry.id);
      // The main name is the card's own name, if callers can use it.
      if (entry.id === entry.card.id) Object.assign(known, { name: entry.id, entry });
    }
  }
  return [...models.values()].toSorted((one, other) => Number(other.card.default) - Number(one.card.default));
}

/**
 * Finds a model by a name that answers, by a snapshot that has ended, or by the key of its card.
 * @param {Model[]} models
 * @param {string} name
 */
export function findModel(models, name) {
  return (
    models.find(({ names }) => names.includes(name)) ??
    models.find(({ card }) => card.id === name || card.snapshots.some(({ id }) => id === name))
  );
}

/** Tests if a model answers in the playground. @param {Model} model */
export const canChat = ({ entry, card }) =>
  entry.served &&
  card.endpoints.some(({ name, supported }) => supported && (name === "chat_completions" || name === "responses"));

/** @param {string} name */
export const modelPath = (name) => `/models/${name.split("/").map(encodeURIComponent).join("/")}`;

/** @param {string[]} names */
export const comparePath = (names) => `/compare?models=${names.map(encodeURIComponent).join(",")}`;

/**
 * The names that are most like a name that does not exist, the nearest first.
 * @param {Model[]} models
 * @param {string} wanted
 */
export function nearNames(models, wanted) {
  const target = pairsOf(wanted);
  const scored = models.map((model) => {
    const own = [...model.names, model.card.name, ...model.card.snapshots.map(({ id }) => id)];
    return { model, score: Math.max(...own.map((name) => likeness(pairsOf(name), target))) };
  });
  const near = scored.filter(({ score }) => score >= 0.3).toSorted((one, other) => other.score - one.score);
  return near.slice(0, 4).map(({ model }) => model);
}

/** The pairs of neighbouring characters, with the start and the end of the name. @param {string} name */
function pairsOf(name) {
  const plain = `^${name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")}$`;
  return new Set(Array.from({ length: plain.length - 1 }, (_, at) => plain.slice(at, at + 2)));
}

/** Dice's coefficient, 0 to 1. @param {Set<string>} one @param {Set<string>} other */
const likeness = (one, other) => (2 * [...one].filter((pair) => other.has(pair)).length) / (one.size + other.size);
