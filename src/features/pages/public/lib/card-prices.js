// Prices: the tables by unit with their batch rates, and one short price.

import { element, fill, formatNumber } from "./dom.js";

/**
 * @typedef {import("./card-data.js").Card} Card
 * @typedef {import("./card-data.js").Rates} Rates
 * @typedef {import("./card-data.js").TokenRates} TokenRates
 */

/** @type {[keyof TokenRates, string][]} */
export const TOKEN_RATES = [
  ["input", "Input"],
  ["cached_input", "Cached input"],
  ["cache_write", "Cache write"],
  ["output", "Output"],
];

/** @type {["minute_of_audio" | "million_characters" | "second_of_video" | "million_training_tokens", string, string][]} */
const OTHER_RATES = [
  ["minute_of_audio", "Audio", "per minute"],
  ["million_characters", "Characters", "per 1M characters"],
  ["second_of_video", "Video", "per second"],
  ["million_training_tokens", "Training", "per 1M training tokens"],
];

/** A price in US dollars with all its digits. @param {number} value */
export const formatPrice = (value) =>
  `$${value.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`;

/**
 * The price in a few characters. Undefined when the card has none.
 * @param {Card} card
 * @returns {{ amount: string, unit: string } | undefined}
 */
export function shortPrice({ ratings, prices = {} }) {
  const other = OTHER_RATES.find(([key]) => prices[key] !== undefined);
  if (other && ratings.price === null) return { amount: formatPrice(prices[other[0]] ?? 0), unit: other[2] };
  if (prices.input === 0 && prices.output === 0) return { amount: "Free", unit: "of charge" };
  if (prices.input !== undefined && prices.output === 0) {
    return { amount: formatPrice(prices.input), unit: "per 1M tokens" };
  }
  return ratings.price === null ? undefined : { amount: ratings.price, unit: "input · output" };
}

/**
 * The prices of a card, one group per unit, with a switch to the batch rates.
 * @param {Card} card
 */
export function priceTables({ prices }) {
  if (!prices) return element("p", { class: "muted" }, "The catalog has no prices for this model.");
  const { batch, long_context: long } = prices;
  /** @type {(() => void)[]} */
  const updates = [];
  const box = element("input", {
    type: "checkbox",
    role: "switch",
    change: () => updates.forEach((update) => update()),
  });
  const batchSwitch = batch && element("label", { class: "switch" }, box, element("span", {}, "Batch API price"));
  const groups = groupsOf(prices).map(({ title, unit, cells }, index) =>
    element(
      "div",
      {},
      element(
        "div",
        { class: "row between price-title" },
        element("strong", {}, title),
        element("div", { class: "row" }, element("small", {}, capital(unit)), index === 0 && batchSwitch),
      ),
      element(
        "dl",
        { class: "prices", "aria-live": "polite" },
        ...cells.map(([name, priceIn]) => {
          const amount = element("dd");
          const update = () => {
            const price = priceIn(box.checked && batch ? batch : prices);
            amount.textContent = price === undefined ? "Not offered" : formatPrice(price);
          };
          updates.push(update);
          update();
          return element("div", {}, element("dt", {}, name), amount);
        }),
      ),
    ),
  );
  return element(
    "div",
    { class: "stack" },
    ...groups,
    long &&
      element(
        "p",
        { class: "muted" },
        `Above ${formatNumber(long.above_input_tokens)} input tokens, a request costs ${long.input_times} times as ` +
          `much for input and ${long.output_times} times as much for output.`,
      ),
  );
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * The groups of a card's prices. Each cell has its title, and reads its price from the normal or the batch rates.
 * @param {Rates} prices
 * @returns {{ title: string, unit: string, cells: [string, (rates: Rates) => number | undefined][] }[]}
 */
function groupsOf(prices) {
  /** @param {string} title @param {(rates: Rates) => TokenRates | undefined} ratesIn */
  const tokens = (title, ratesIn) => ({
    title,
    unit: "per 1M tokens",
    cells: TOKEN_RATES.filter(([key]) => ratesIn(prices)?.[key] !== undefined).map(
      ([key, name]) =>
        /** @type {[string, (rates: Rates) => number | undefined]} */ ([name, (rates) => ratesIn(rates)?.[key]]),
    ),
  });
  const groups = [
    tokens("Text tokens", (rates) => rates),
    tokens("Image tokens", (rates) => rates.image),
    tokens("Audio tokens", (rates) => rates.audio),
    ...OTHER_RATES.map(([key, title, unit]) => ({
      title,
      unit,
      cells: /** @type {[string, (rates: Rates) => number | undefined][]} */ (
        prices[key] === undefined ? [] : [["Price", (/** @type {Rates} */ rates) => rates[key]]]
      ),
    })),
  ];
  return groups.filter(({ cells }) => cells.length > 0);
}

/**
 * The quick comparison: the prices of a few models as bars, the highest first.
 * @param {import("./card-data.js").Model[]} models the compared ones
 * @param {string} current the name of the page's model
 * @param {(name: string) => string} pathOf
 */
export function priceBars(models, current, pathOf) {
  const list = element("ul", { class: "price-bars", "aria-live": "polite" });
  /** @param {keyof TokenRates} key */
  const show = (key) => {
    const rows = models.map((model) => ({ model, price: model.card.prices?.[key] }));
    const highest = Math.max(...rows.map(({ price = 0 }) => price));
    const sorted = rows.toSorted((one, other) => (other.price ?? -1) - (one.price ?? -1));
    fill(list, ...sorted.map(({ model, price }) => bar(model, price, highest, current, pathOf)));
  };
  const rates = TOKEN_RATES.filter(([key]) => key !== "cache_write");
  const choices = rates.map(([key, title], index) =>
    element(
      "label",
      {},
      element("input", { type: "radio", name: "rate", checked: index === 0, change: () => show(key) }),
      element("span", {}, title),
    ),
  );
  show("input");
  return element(
    "div",
    { class: "stack" },
    element(
      "fieldset",
      { class: "segments" },
      element("legend", { class: "visually-hidden" }, "Price to compare"),
      ...choices,
    ),
    list,
  );
}

/**
 * @param {import("./card-data.js").Model} model
 * @param {number | undefined} price
 * @param {number} highest
 * @param {string} current
 * @param {(name: string) => string} pathOf
 */
function bar({ name, card }, price, highest, current, pathOf) {
  const isCurrent = name === current;
  const fillBar = element("span", { class: "bar" });
  fillBar.style.width = `${highest === 0 || price === undefined ? 0 : (price / highest) * 100}%`;
  return element(
    "li",
    { class: isCurrent ? "current" : "" },
    isCurrent ? element("strong", {}, card.name) : element("a", { href: pathOf(name) }, card.name),
    element("span", { class: "bar-track", "aria-hidden": "true" }, fillBar),
    element("span", { class: "number" }, price === undefined ? "No price" : formatPrice(price)),
  );
}
