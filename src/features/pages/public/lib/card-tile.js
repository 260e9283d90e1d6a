// One model in the list.

import { modelPath } from "./card-data.js";
import { groupOf } from "./card-groups.js";
import { marks, modalityMarks } from "./card-head.js";
import { icon } from "./card-icons.js";
import { lifecycleTags } from "./card-lifecycle.js";
import { shortPrice } from "./card-prices.js";
import { element, formatNumber } from "./dom.js";

/**
 * @param {import("./card-data.js").Model[]} models
 * @param {import("./card-data.js").Model} model
 */
export function modelCard(models, model) {
  const { card, name, names } = model;
  const price = shortPrice(card);
  const tags = lifecycleTags(models, model).filter((tag) => tag instanceof HTMLElement);
  const others = names.filter((each) => each !== name);
  return element(
    "li",
    { class: "card tile" },
    element(
      "div",
      { class: "tile-head" },
      element("span", { class: "model-icon" }, icon(groupOf(card).icon)),
      element(
        "div",
        {},
        element("h3", {}, element("a", { href: modelPath(name) }, card.name)),
        card.name === name ? null : element("code", { class: "muted" }, name),
      ),
    ),
    tags.length > 0 && element("p", { class: "row tags" }, ...tags),
    card.tagline && element("p", { class: "muted tagline" }, card.tagline),
    element(
      "dl",
      { class: "tile-facts" },
      card.ratings.reasoning !== undefined && fact("Reasoning", marks("bulb", card.ratings.reasoning)),
      card.ratings.speed !== undefined && fact("Speed", marks("bolt", card.ratings.speed)),
      price && fact("Price", price.amount, price.unit === "input · output" ? null : ` ${price.unit}`),
      card.context_window !== undefined && fact("Context", formatNumber(card.context_window)),
      fact("Input", element("span", { class: "row kinds" }, ...modalityMarks(card, "input"))),
      fact("Output", element("span", { class: "row kinds" }, ...modalityMarks(card, "output"))),
    ),
    others.length > 0 &&
      element(
        "p",
        { class: "also" },
        "Also ",
        others.flatMap((each, at) => [at > 0 && ", ", element("code", {}, each)]),
      ),
  );
}

/** @param {string} title @param {...import("./dom.js").Child} value */
const fact = (title, ...value) => element("div", {}, element("dt", {}, title), element("dd", {}, ...value));
