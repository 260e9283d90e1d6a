// The section Budget: the limits of the whole deployment, and their use by all users together.

import { admin } from "./console-session.js";
import { goTo } from "./console-shell.js";
import { element, fill, formatNumber } from "./dom.js";
import { meter } from "./meter.js";

/** @type {import("./console-shell.js").Section} */
export const budgetSection = {
  id: "budget",
  title: "Budget",
  absent: "This deployment has no feature admin-budget. A budget in the catalog still holds.",
  async open(view) {
    /** @type {{ windows: import("./meter.js").QuotaWindow[], running: number }} */
    const { windows, running } = await admin("/budget");
    const refresh = element("button", { type: "button", click: () => goTo("budget") }, "Refresh");
    const loadedAt = new Date().toLocaleTimeString();
    fill(
      view,
      element("div", { class: "row between" }, element("p", { class: "muted tight" }, `As of ${loadedAt}.`), refresh),
      windows.length === 0
        ? element(
            "p",
            { class: "card" },
            "The active catalog has no budget, so only the plans limit what users spend together. Add the field ",
            element("code", {}, "budget"),
            " to the catalog to set one.",
          )
        : element("div", { class: "card stack" }, windows.map(meter)),
      windows.length > 0 &&
        element(
          "p",
          { class: "muted" },
          `${formatNumber(running)} ${running === 1 ? "reservation is" : "reservations are"} running. `,
          "The reserved part contains what the servers have set aside in advance for the next requests.",
        ),
    );
  },
};
