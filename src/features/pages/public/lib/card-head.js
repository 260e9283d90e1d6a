// The top of a model's page: name, tags, links, ratings, description and sizes.

import { canChat, comparePath, findModel, modelPath } from "./card-data.js";
import { groupOf } from "./card-groups.js";
import { icon, MODALITY_ICONS } from "./card-icons.js";
import { lifecycleTags } from "./card-lifecycle.js";
import { shortPrice } from "./card-prices.js";
import { element, formatDay, formatNumber } from "./dom.js";

/**
 * @typedef {import("./card-data.js").Model} Model
 * @typedef {import("./card-data.js").Card} Card
 * @typedef {import("./card-icons.js").IconName} IconName
 */

/**
 * @param {Model[]} models
 * @param {Model} model
 */
export function modelHead(models, model) {
  const { card, name } = model;
  return element(
    "header",
    { class: "model-head" },
    element("span", { class: "model-icon large" }, icon(groupOf(card).icon)),
    element(
      "div",
      {},
      element("h1", { id: "model-name", tabindex: "-1" }, card.name),
      element("p", { class: "row" }, lifecycleTags(models, model)),
      card.tagline && element("p", { class: "lead" }, card.tagline),
    ),
    element(
      "div",
      { class: "row actions" },
      model.names.length > 0 &&
        element("a", { class: "button", href: comparePath([name, ...card.compare]) }, "Compare"),
      canChat(model) &&
        element("a", { class: "button primary", href: `/?model=${encodeURIComponent(name)}` }, "Try in Playground"),
    ),
  );
}

/** The strip of ratings, price and modalities. @param {Card} card */
export function ratingStrip(card) {
  const { reasoning, speed } = card.ratings;
  const price = shortPrice(card);
  return element(
    "dl",
    { class: "card ratings" },
    reasoning !== undefined && fact("Reasoning", marks("bulb", reasoning)),
    speed !== undefined && fact("Speed", marks("bolt", speed)),
    price && fact("Price", element("strong", {}, price.amount), element("small", {}, price.unit)),
    fact("Input", ...modalityMarks(card, "input")),
    fact("Output", ...modalityMarks(card, "output")),
  );
}

/** @param {string} title @param {...import("./dom.js").Child} value */
const fact = (title, ...value) => element("div", {}, element("dt", {}, title), element("dd", {}, ...value));

/**
 * A rating of 1 to 5 as marks.
 * @param {IconName} name
 * @param {number} rating
 */
export function marks(name, rating) {
  return element(
    "span",
    { class: "marks", role: "img", "aria-label": `${rating} of 5` },
    ...Array.from({ length: 5 }, (_, index) => icon(name, index < rating ? "on" : "")),
  );
}

/** @param {Card} card @param {"input" | "output"} direction */
export function modalityMarks(card, direction) {
  const names = Object.keys(card.modalities).filter((name) => card.modalities[name]?.[direction]);
  if (names.length === 0) return [element("span", {}, direction === "output" ? outputOfNone(card) : "None")];
  return names.map((name) =>
    element("span", { class: "modality" }, icon(MODALITY_ICONS[name] ?? "text"), element("span", {}, name)),
  );
}

/** A model without a modality of output returns numbers. @param {Card} card */
const outputOfNone = (card) =>
  card.endpoints.some(({ name, supported }) => supported && name === "embeddings") ? "Vectors" : "None";

/**
 * The description beside the sizes.
 * @param {Model[]} models
 * @param {Model} model
 */
export function about(models, { card }) {
  const efforts = card.reasoning?.efforts ?? [];
  return element(
    "div",
    { class: "about" },
    element(
      "div",
      {},
      element("p", {}, card.description ? withLinks(models, card) : "The catalog has no description of this model."),
      efforts.length > 0 &&
        element(
          "p",
          {},
          "It reasons before it answers. The parameter ",
          element("code", {}, "effort"),
          " sets how much: ",
          efforts.flatMap((effort, index) => [index > 0 && ", ", element("code", {}, effort)]),
          ".",
        ),
    ),
    element("ul", { class: "sizes" }, ...sizes(card)),
  );
}

/** The description, with links to the successors that it names. @param {Model[]} models @param {Card} card */
function withLinks(models, card) {
  let rest = card.description ?? "";
  /** @type {import("./dom.js").Child[]} */
  const parts = [];
  for (const successor of card.snapshots.flatMap(({ successors }) => successors)) {
    const found = findModel(models, successor);
    const at = found ? rest.indexOf(found.card.name) : -1;
    if (!found || at < 0) continue;
    parts.push(rest.slice(0, at), element("a", { href: modelPath(found.name) }, found.card.name));
    rest = rest.slice(at + found.card.name.length);
  }
  return [...parts, rest];
}

/** @param {Card} card */
function sizes(card) {
  const { context_window: context, max_input_tokens: input, max_output_tokens: output, knowledge_cutoff: day } = card;
  return [
    context !== undefined && size("window", formatNumber(context), "context window"),
    input !== undefined && size("text", formatNumber(input), "max input tokens"),
    output !== undefined && size("output", formatNumber(output), "max output tokens"),
    day !== undefined && size("calendar", formatDay(day), "knowledge cutoff"),
    card.reasoning && size("bulb", "Reasoning token support", ""),
  ].filter((item) => item instanceof HTMLElement);
}

/** @param {IconName} name @param {string} value @param {string} title */
const size = (name, value, title) =>
  element("li", {}, icon(name), element("span", {}, element("strong", {}, value), ` ${title}`));
