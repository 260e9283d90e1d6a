// The use by day as bars. The reader moves along the days by pointer or arrow keys: to a screen reader it is a slider.

import { element, fill } from "./dom.js";
import { formatShort, formatWithUnit, longDay, shortDay, weekdayOf } from "./usage-format.js";

/**
 * @typedef {import("./usage-data.js").Day} Day
 * @typedef {import("./usage-data.js").Measure} Measure
 */

/** Creates the chart. The chosen day stays chosen when new data is shown. */
export function usageChart() {
  /** @type {Day[]} */
  let days = [];
  /** @type {Measure} */
  let measure = "tokens";
  /** The date of the chosen day; today when undefined. @type {string | undefined} */
  let chosen;
  const bars = element("div", { class: "day-bars" });
  const lines = element("div", { class: "lines" });
  const labels = element("div", { class: "day-labels", "aria-hidden": "true" });
  const plot = element(
    "div",
    { class: "plot", role: "slider", tabindex: 0, "aria-label": "Day", "aria-orientation": "horizontal" },
    lines,
    bars,
  );
  const day = element("strong");
  const amounts = element("span", { class: "muted" });
  const chart = element(
    "div",
    { class: "chart" },
    element("p", { class: "row between readout", "aria-hidden": "true" }, day, amounts),
    plot,
    labels,
  );

  const indexOfChosen = () => {
    const index = days.findIndex(({ date }) => date === chosen);
    return index < 0 ? days.length - 1 : index;
  };

  /** @param {number} index */
  function choose(index) {
    const last = days.length - 1;
    const next = Math.min(last, Math.max(0, index));
    chosen = next === last ? undefined : days[next]?.date;
    mark();
  }

  /** Shows the chosen day. */
  function mark() {
    const index = indexOfChosen();
    const shown = days[index];
    if (!shown) return;
    for (const [position, bar] of [...bars.children].entries()) bar.classList.toggle("chosen", position === index);
    day.textContent = `${index === days.length - 1 ? "Today, " : ""}${longDay(shown.date)}`;
    amounts.textContent = [
      formatWithUnit("tokens", shown.tokens),
      formatWithUnit("requests", shown.requests),
      formatWithUnit("usd", shown.usd),
    ].join(" · ");
    plot.setAttribute("aria-valuemin", "1");
    plot.setAttribute("aria-valuemax", String(days.length));
    plot.setAttribute("aria-valuenow", String(index + 1));
    plot.setAttribute("aria-valuetext", `${day.textContent}: ${amounts.textContent.replaceAll(" · ", ", ")}`);
  }

  plot.addEventListener("keydown", (event) => {
    const index = indexOfChosen();
    /** @type {Record<string, number>} */
    const targets = {
      ArrowLeft: index - 1,
      ArrowDown: index - 1,
      ArrowRight: index + 1,
      ArrowUp: index + 1,
      PageDown: index - 7,
      PageUp: index + 7,
      Home: 0,
      End: days.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    choose(target);
  });
  const follow = (/** @type {PointerEvent} */ event) => {
    const { left, width } = bars.getBoundingClientRect();
    choose(Math.floor(((event.clientX - left) / width) * days.length));
  };
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerdown", follow);

  return {
    element: chart,
    /** @param {Day[]} nextDays oldest first; the last one is today @param {Measure} nextMeasure */
    show(nextDays, nextMeasure) {
      days = nextDays;
      measure = nextMeasure;
      const top = roundUp(Math.max(...days.map((each) => each[measure])));
      fill(bars, ...days.map((each, index) => bar(each[measure] / top, index === days.length - 1)));
      fill(lines, ...[1, 0.5, 0].map((share) => line(share, formatShort(measure, top * share))));
      fill(labels, ...dayLabels(days));
      mark();
    },
  };
}

/**
 * @param {number} share of the height
 * @param {boolean} isToday
 */
function bar(share, isToday) {
  const filled = element("i");
  // A day with little use is still visible.
  filled.style.height = share === 0 ? "0" : `max(3px, ${share * 100}%)`;
  return element("div", { class: isToday ? "day today" : "day" }, filled);
}

/**
 * @param {number} share of the height
 * @param {string} text
 */
function line(share, text) {
  const shown = element("div", {}, element("span", {}, text));
  shown.style.bottom = `${share * 100}%`;
  return shown;
}

/**
 * Labels for as many days as fit: each day of a week, or one day in seven, counted from today.
 * @param {Day[]} days
 */
function dayLabels(days) {
  const last = days.length - 1;
  const step = days.length > 7 ? 7 : 1;
  return days.map(({ date }, index) => {
    const text = index === last ? "Today" : step === 1 ? weekdayOf(date) : shortDay(date);
    return element("span", {}, (last - index) % step === 0 && element("b", {}, text));
  });
}

/**
 * Rounds up to a number of which the half is also short: 1, 2, 4, 6, 8 or 10 times a power of ten.
 * @param {number} value
 */
function roundUp(value) {
  if (value === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 6, 8, 10].find((each) => each * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}
