// The provider's rate limits as a table, one row per usage tier.

import { element, formatNumber } from "./dom.js";

/** @param {number | undefined} value */
const cell = (value) => element("td", { class: "number" }, value === undefined ? "–" : formatNumber(value));

/** @param {Record<string, import("./card-data.js").RateLimits>} limits */
export function rateLimitTable(limits) {
  return element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of rate limits" },
    element(
      "table",
      {},
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col" }, "Tier"),
          ...["Requests per minute", "Tokens per minute", "Batch queue tokens"].map((title) =>
            element("th", { scope: "col", class: "number" }, title),
          ),
        ),
      ),
      element(
        "tbody",
        {},
        ...Object.entries(limits).map(([tier, limit]) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, /^\d+$/.test(tier) ? `Tier ${tier}` : tier),
            cell(limit.requests_per_minute),
            cell(limit.tokens_per_minute),
            cell(limit.batch_queue_tokens),
          ),
        ),
      ),
    ),
  );
}
