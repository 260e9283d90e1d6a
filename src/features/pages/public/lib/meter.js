// A quota window as a bar: used, reserved, left, and when it is empty again.

import { element, formatAmount, formatTime } from "./dom.js";

/**
 * @typedef {{ unit: string, per: string, limit: number, used: number, reserved: number, left: number,
 *   reset_at: number, models?: string[] }} QuotaWindow
 */

/** From this share on, a window is shown as nearly used up. */
const HIGH = 0.8;

/**
 * @param {QuotaWindow} window
 * @returns {HTMLElement}
 */
export function meter(window) {
  const { unit, per, limit, used, reserved, left } = window;
  const share = (/** @type {number} */ amount) => (limit === 0 ? 1 : Math.min(1, amount / limit));
  const taken = share(used + reserved);
  const level = taken >= 1 ? "full" : taken >= HIGH ? "high" : "";
  const name = `${unit === "usd" ? "Dollars" : unit === "tokens" ? "Tokens" : "Requests"} per ${per}`;
  const models = window.models ? ` (${window.models.join(", ")})` : "";
  const usedBar = element("div", { class: "used" });
  const reservedBar = element("div", { class: "reserved" });
  usedBar.style.width = `${share(used) * 100}%`;
  reservedBar.style.width = `${Math.min(1 - share(used), share(reserved)) * 100}%`;
  const states = { full: "used up", high: "nearly used up", "": "" };
  return element(
    "div",
    { class: `meter ${level}` },
    element(
      "div",
      { class: "row between" },
      element("strong", {}, name + models, " ", states[level] && element("span", { class: "tag warn" }, states[level])),
      element("span", { class: "muted" }, `${formatAmount(unit, left)} left`),
    ),
    element(
      "div",
      {
        class: "track",
        role: "meter",
        "aria-label": name + models,
        "aria-valuemin": 0,
        "aria-valuemax": limit,
        "aria-valuenow": Math.min(limit, used + reserved),
        "aria-valuetext": `${formatAmount(unit, used)} used of ${formatAmount(unit, limit)}`,
      },
      usedBar,
      reservedBar,
    ),
    element(
      "small",
      {},
      `${formatAmount(unit, used)} used of ${formatAmount(unit, limit)}`,
      reserved > 0 ? `, ${formatAmount(unit, reserved)} reserved` : "",
      `. Resets ${formatTime(window.reset_at)}.`,
    ),
  );
}
