// What happened to one user: the use by day, and the changes by operators.

import { formatIso } from "./console-publication.js";
import { element, formatNumber, formatUsd } from "./dom.js";
import { usageChart } from "./usage-chart.js";

/** @param {import("./usage-data.js").Day[]} [days] oldest first */
export function historyCard(days = []) {
  if (days.every(({ requests }) => requests === 0)) return null;
  const chart = usageChart();
  chart.show(days, "tokens");
  return element(
    "section",
    { class: "card stack", "aria-label": "Use by day" },
    element("h3", {}, "Tokens by day"),
    chart.element,
  );
}

/** @param {import("./console-user.js").Change[]} changes oldest first */
export function changesCard(changes) {
  const items = changes
    .toReversed()
    .map((change) =>
      element(
        "li",
        {},
        element(
          "div",
          { class: "what" },
          element("strong", {}, inWords(change)),
          element("p", { class: "tight" }, `“${change.reason}”`),
          element("small", {}, element("time", { datetime: change.at }, formatIso(change.at))),
        ),
      ),
    );
  return element(
    "section",
    { class: "card", "aria-label": "Changes" },
    element("h3", {}, "Changes"),
    items.length === 0
      ? element("p", { class: "muted tight" }, "No operator has changed anything for this user.")
      : element("ol", { class: "history" }, items),
  );
}

/** @param {import("./console-user.js").Change} change */
function inWords({ kind, plan, window = "", amount = 0, before }) {
  switch (kind) {
    case "plan":
      return plan === null ? "Returned to the plan of the token" : `Set the plan to ${plan}`;
    case "grant":
      return `Raised ${windowInWords(window)} by ${window.startsWith("usd/") ? formatUsd(amount) : formatNumber(amount)}`;
    case "reset":
      return `Reset ${windowInWords(window)}`;
    case "block":
      return "Blocked";
    case "unblock":
      return "Unblocked";
    case "revoke":
      return before === undefined ? "Revoked the tokens" : `Revoked the tokens issued before ${formatIso(before)}`;
    default:
      return kind;
  }
}

/**
 * Names a window: "tokens/day" becomes "tokens per day".
 * @param {string} key
 */
export function windowInWords(key) {
  const [unit = "", per = "", models] = key.split("/");
  const name = `${unit === "usd" ? "dollars" : unit} per ${per}`;
  return models === undefined ? name : `${name} of ${models.replaceAll(",", ", ")}`;
}
