// The cards of the account page about the plan: its windows as bars, and its other limits.

import { element, fill, formatNumber, formatTime } from "./dom.js";
import { meter } from "./meter.js";
import { openTokenDialog } from "./site.js";
import { claims } from "./usage-data.js";

/** @typedef {import("./usage-data.js").Usage} Usage */

/** The windows of the plan, each as a bar. */
export function limitsCard() {
  const list = element("div", { class: "stack account-meters" });
  const card = element(
    "section",
    { class: "card", "aria-labelledby": "limits-title" },
    element("h2", { id: "limits-title" }, "What is left"),
    list,
  );
  return {
    element: card,
    /** @param {Usage} usage */
    show({ windows }) {
      if (windows.length > 0) fill(list, windows.map(meter));
      else fill(list, element("p", { class: "muted" }, "Your plan has no limit on tokens, requests or dollars."));
    },
  };
}

/** Name of the plan, running requests, longest answer, and the token. */
export function planCard() {
  const name = element("p", { class: "account-plan" });
  const facts = element("dl");
  const card = element(
    "section",
    { class: "card account-facts", "aria-labelledby": "plan-title" },
    element("h2", { id: "plan-title" }, "Your plan"),
    name,
    facts,
    element(
      "button",
      { type: "button", "aria-haspopup": "dialog", click: () => openTokenDialog() },
      "Change the token",
    ),
  );
  return {
    element: card,
    /** @param {Usage} usage */
    show({ plan, leases, max_output_tokens: longest }) {
      name.textContent = plan;
      const { subject, endsAt } = claims();
      fill(
        facts,
        fact("Running now", `${formatNumber(leases.running)} of ${formatNumber(leases.allowed)}`, places(leases)),
        fact("Longest answer", `${formatNumber(longest)} tokens`),
        subject !== undefined && fact("User", subject),
        endsAt !== undefined && fact("Token valid until", formatTime(endsAt)),
      );
    },
  };
}

/**
 * @param {string} name
 * @param {string} value
 * @param {import("./dom.js").Child} [extra]
 */
const fact = (name, value, extra) => element("div", {}, element("dt", {}, name), element("dd", {}, value, extra));

const MAX_PLACES = 8;

/**
 * A dot for each request that may run at the same time; the running ones are filled.
 * @param {{ running: number, allowed: number }} leases
 */
function places({ running, allowed }) {
  if (allowed > MAX_PLACES) return undefined;
  const dots = Array.from({ length: allowed }, (_, index) => element("i", { class: index < running ? "on" : "" }));
  return element("span", { class: "places", "aria-hidden": "true" }, dots);
}
