// The rows of the comparison: the facts of each model, and which value of a row is the best.

import { modelPath } from "./card-data.js";
import { marks } from "./card-head.js";
import { endOf, isMoved, today } from "./card-lifecycle.js";
import { formatPrice, shortPrice } from "./card-prices.js";
import { modalityState } from "./card-support.js";
import { element, formatDay, formatNumber } from "./dom.js";

/**
 * @typedef {import("./card-data.js").Model} Model
 * @typedef {import("./card-data.js").Support} Support
 * @typedef {import("./dom.js").Child} Child
 * @typedef {{ title: string, show: (model: Model) => Child, value?: (model: Model) => number | undefined,
 *   best?: "lowest" | "highest" | "latest" }} Row
 *   `value` is what `best` compares.
 * @typedef {{ title: string, rows: Row[] }} Group
 */

/**
 * @param {Model[]} models the models of the table
 * @param {Model[]} all all models of the server
 * @returns {Group[]}
 */
export function comparisonGroups(models, all) {
  return [
    { title: "Lifecycle", rows: lifecycle(all) },
    { title: "Ratings", rows: [rating("Reasoning", "reasoning", "bulb"), rating("Speed", "speed", "bolt")] },
    { title: "Prices per 1M tokens", rows: rates(models, ({ card }) => card.prices) },
    { title: "Prices per 1M image tokens", rows: rates(models, ({ card }) => card.prices?.image) },
    { title: "Prices per 1M audio tokens", rows: rates(models, ({ card }) => card.prices?.audio) },
    { title: "Batch prices per 1M tokens", rows: rates(models, ({ card }) => card.prices?.batch) },
    { title: "Other prices", rows: models.some(otherPrice) ? [{ title: "Price", show: otherPrice }] : [] },
    { title: "Size", rows: sizes },
    { title: "Modalities", rows: modalities(models) },
    { title: "Endpoints", rows: supports(models, ({ card }) => card.endpoints) },
    { title: "Features", rows: supports(models, ({ card }) => card.features) },
    { title: "Tools", rows: supports(models, ({ card }) => card.tools) },
  ].filter(({ rows }) => rows.length > 0);
}

/** @param {Model[]} all @returns {Row[]} */
const lifecycle = (all) => [
  { title: "Released", show: ({ entry, card }) => date(snapshotOf(entry.snapshot, card)?.released) },
  {
    title: "End",
    show: ({ entry }) => {
      const end = endOf(entry.shutdown_date);
      const kind = entry.shutdown_date !== null && entry.shutdown_date <= today() ? "bad" : "warn";
      return end ? element("span", { class: `tag ${kind}` }, end) : "No end announced";
    },
  },
  {
    title: "Answered by",
    show: ({ entry }) => {
      if (entry.answered_by === null) return "No model";
      if (!isMoved(entry)) return "Itself";
      const found = all.find(({ card }) => card.snapshots.some(({ id }) => id === entry.answered_by));
      return found
        ? element("a", { href: modelPath(found.name) }, found.card.name)
        : element("code", {}, entry.answered_by);
    },
  },
  { title: "Offered here", show: ({ entry }) => (isMoved(entry) ? "Only its successor" : mark(entry.served)) },
];

/** @param {string} title @param {"reasoning" | "speed"} key @param {import("./card-icons.js").IconName} name @returns {Row} */
const rating = (title, key, name) => ({
  title,
  show: ({ card }) => (card.ratings[key] === undefined ? null : marks(name, card.ratings[key])),
  value: ({ card }) => card.ratings[key],
  best: "highest",
});

/** @type {[keyof import("./card-data.js").TokenRates, string][]} */
const RATES = [
  ["input", "Input"],
  ["cached_input", "Cached input"],
  ["output", "Output"],
];

/**
 * One row for each rate that at least one model has.
 * @param {Model[]} models
 * @param {(model: Model) => import("./card-data.js").TokenRates | undefined} ratesOf
 */
const rates = (models, ratesOf) =>
  RATES.filter(([key]) => models.some((model) => ratesOf(model)?.[key] !== undefined)).map(([key, title]) =>
    amount(title, (model) => ratesOf(model)?.[key], formatPrice, "lowest"),
  );

/** The price of a model that is not sold by tokens. @param {Model} model */
function otherPrice({ card }) {
  const price = shortPrice(card);
  return price?.unit.startsWith("per ") && card.prices?.input === undefined ? `${price.amount} ${price.unit}` : null;
}

/** @type {Row[]} */
const sizes = [
  amount("Context window", ({ card }) => card.context_window, formatNumber, "highest"),
  amount("Max output tokens", ({ card }) => card.max_output_tokens, formatNumber, "highest"),
  {
    title: "Knowledge cutoff",
    show: ({ card }) => date(card.knowledge_cutoff),
    value: ({ card }) => (card.knowledge_cutoff === undefined ? undefined : Date.parse(card.knowledge_cutoff)),
    best: "latest",
  },
  {
    title: "Efforts",
    show: ({ card }) =>
      card.reasoning?.efforts.flatMap((effort, at) => [at > 0 && ", ", element("code", {}, effort)]) ??
      "Does not reason",
  },
];

/** @param {Model[]} models @returns {Row[]} */
const modalities = (models) =>
  Object.keys(models[0]?.card.modalities ?? {}).map((name) => ({
    title: (name[0] ?? "").toUpperCase() + name.slice(1),
    show: ({ card }) => {
      const { input = false, output = false } = card.modalities[name] ?? {};
      return input || output ? modalityState(input, output) : mark(false);
    },
  }));

/**
 * One row for each of these that at least one model supports.
 * @param {Model[]} models
 * @param {(model: Model) => Support[]} listOf
 * @returns {Row[]}
 */
function supports(models, listOf) {
  /** @param {Model} model @param {string} name */
  const has = (model, name) => listOf(model).some((each) => each.name === name && each.supported);
  const [first] = models;
  if (!first) return [];
  return listOf(first)
    .filter(({ name }) => models.some((model) => has(model, name)))
    .map(({ name, title }) => ({ title, show: (model) => mark(has(model, name)) }));
}

/**
 * @param {string} title
 * @param {(model: Model) => number | undefined} value
 * @param {(value: number) => string} format
 * @param {"lowest" | "highest"} best
 * @returns {Row}
 */
function amount(title, value, format, best) {
  const show = (/** @type {Model} */ model) => {
    const known = value(model);
    return known === undefined ? null : format(known);
  };
  return { title, show, value, best };
}

/** @param {boolean} supported */
const mark = (supported) => element("span", { class: supported ? "yes" : "no" }, supported ? "Yes" : "No");

/** @param {string | undefined} day */
const date = (day) => (day === undefined ? null : formatDay(day));

/** @param {string} name @param {import("./card-data.js").Card} card */
const snapshotOf = (name, card) => card.snapshots.find(({ id }) => id === name);

/**
 * The models that are the best in a row. None when all are equal, or only one has a value. A model whose successor
 * answers is not compared: nobody gets its values.
 * @param {Row} row
 * @param {Model[]} models
 * @returns {Set<Model>}
 */
export function bestIn({ value, best }, models) {
  if (!value || !best) return new Set();
  const known = models.flatMap((model) => {
    const own = value(model);
    return own === undefined || isMoved(model.entry) ? [] : [{ model, own }];
  });
  const values = known.map(({ own }) => own);
  const wanted = best === "lowest" ? Math.min(...values) : Math.max(...values);
  const winners = known.filter(({ own }) => own === wanted);
  return winners.length === known.length ? new Set() : new Set(winners.map(({ model }) => model));
}
