// The use by day as a table: the newest day first, and a row of totals.

import { element } from "./dom.js";
import { totalsOf } from "./usage-data.js";
import { formatMeasure, mediumDay, MEASURES } from "./usage-format.js";

/**
 * @typedef {import("./usage-data.js").Day} Day
 * @typedef {import("./usage-data.js").Measure} Measure
 */

/**
 * @param {Day[]} days oldest first; the last one is today
 * @param {Measure} chosen the measure of the chart, which stands out
 */
export function usageTable(days, chosen) {
  const cells = (/** @type {Record<Measure, number>} */ amounts) =>
    MEASURES.map(([measure]) => {
      const name = measure === chosen ? "number chosen" : "number";
      return element("td", { class: name }, formatMeasure(measure, amounts[measure]));
    });
  const rows = days.map((day, index) => {
    const isToday = index === days.length - 1;
    const isUnused = day.requests === 0 && day.tokens === 0 && day.usd === 0;
    const title = element("th", { scope: "row" }, mediumDay(day.date), isToday && [" ", todayTag()]);
    return element("tr", { class: isUnused ? "unused" : "" }, title, cells(day));
  });
  return element(
    "table",
    { class: "usage-table" },
    element("caption", { class: "visually-hidden" }, `Use of the last ${days.length} days, newest first`),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("th", { scope: "col" }, "Day"),
        MEASURES.map(([, name]) => element("th", { scope: "col", class: "number" }, name)),
      ),
    ),
    element("tbody", {}, rows.toReversed()),
    element("tfoot", {}, element("tr", {}, element("th", { scope: "row" }, "Total"), cells(totalsOf(days)))),
  );
}

const todayTag = () => element("span", { class: "tag good" }, "today");
