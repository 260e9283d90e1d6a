// The card with the use by day: its switches, totals, chart and table.

import { element, fill } from "./dom.js";
import { usageChart } from "./usage-chart.js";
import { totalsOf } from "./usage-data.js";
import { formatMeasure, MEASURES } from "./usage-format.js";
import { usageTable } from "./usage-table.js";

/**
 * @typedef {import("./usage-data.js").Day} Day
 * @typedef {import("./usage-data.js").Measure} Measure
 */

/** Creates the card. The switches keep their choice when new data is shown. */
export function historyCard() {
  /** @type {Day[]} */
  let history = [];
  /** @type {{ measure: Measure, days: number, as: string }} */
  const choice = { measure: "tokens", days: 30, as: "chart" };
  const chart = usageChart();
  const table = element("div", { class: "scroll", role: "region", "aria-label": "Table of your use", tabindex: 0 });
  const empty = emptyHistory();
  const totals = { tokens: element("strong"), requests: element("strong"), usd: element("strong") };

  const measures = choices("What to show", "measure", "measures", MEASURES, "tokens", (value) => {
    choice.measure = /** @type {Measure} */ (value);
  });
  for (const [index, [measure]] of MEASURES.entries()) measures.labels[index]?.append(totals[measure]);
  const spans = choices(
    "How many days",
    "days",
    "account-switch",
    [
      ["7", "7 days"],
      ["30", "30 days"],
    ],
    "30",
    (value) => {
      choice.days = Number(value);
    },
  );
  const views = choices(
    "Show as",
    "as",
    "account-switch",
    [
      ["chart", "Chart"],
      ["table", "Table"],
    ],
    "chart",
    (value) => {
      choice.as = value;
    },
  );

  function render() {
    const days = history.slice(-choice.days);
    const sums = totalsOf(days);
    for (const [measure] of MEASURES) totals[measure].textContent = formatMeasure(measure, sums[measure]);
    const isEmpty = sums.tokens === 0 && sums.requests === 0 && sums.usd === 0;
    empty.hidden = !isEmpty;
    chart.element.hidden = isEmpty || choice.as !== "chart";
    table.hidden = isEmpty || choice.as !== "table";
    views.element.hidden = isEmpty;
    if (isEmpty) fill(table);
    else {
      chart.show(days, choice.measure);
      fill(table, usageTable(days, choice.measure));
    }
  }

  /**
   * A group of radio buttons.
   * @param {string} legend
   * @param {string} name
   * @param {string} className
   * @param {readonly (readonly [string, string])[]} options value and text
   * @param {string} chosen
   * @param {(value: string) => void} choose
   */
  function choices(legend, name, className, options, chosen, choose) {
    const change = (/** @type {Event} */ event) => {
      choose(/** @type {HTMLInputElement} */ (event.target).value);
      render();
    };
    const labels = options.map(([value, text]) => {
      const isChosen = value === chosen;
      return element(
        "label",
        {},
        element("input", { type: "radio", name, value, checked: isChosen }),
        element("span", {}, text),
      );
    });
    const group = element(
      "fieldset",
      { class: className, change },
      element("legend", { class: "visually-hidden" }, legend),
      labels,
    );
    return { element: group, labels };
  }

  const card = element(
    "section",
    { class: "card stack account-history", "aria-labelledby": "history-title" },
    element(
      "div",
      { class: "row between" },
      element("h2", { id: "history-title", class: "flush" }, "Your use by day"),
      element("div", { class: "row" }, spans.element, views.element),
    ),
    measures.element,
    chart.element,
    table,
    empty,
    element("small", {}, dayStart()),
  );
  return {
    element: card,
    /** @param {Day[]} days */
    show(days) {
      history = days;
      render();
    },
  };
}

function emptyHistory() {
  return element(
    "div",
    { class: "account-empty" },
    element("h3", {}, "Nothing used in these days"),
    element("p", { class: "muted" }, "Ask a model something. Your use appears here as soon as the answer ends."),
    element("a", { class: "button", href: "/" }, "Open the playground"),
  );
}

/** Days are UTC days, so they start at another hour in most places. */
function dayStart() {
  const midnight = new Date();
  midnight.setUTCHours(0, 0, 0, 0);
  const hour = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(midnight);
  const where = midnight.getTimezoneOffset() === 0 ? "" : `, which is ${hour} here`;
  return `A day starts at midnight UTC${where}. A request counts on the day on which it started, once it has ended.`;
}
