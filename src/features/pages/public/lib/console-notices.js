// The section Notices: models that end, and differences between the catalog and the providers.

import { admin } from "./console-session.js";
import { formatIso } from "./console-publication.js";
import { problem } from "./console-shell.js";
import { element, fill, formatDay } from "./dom.js";
import { notice } from "./site.js";

/**
 * @typedef {{ kind: "ending" | "missing" | "unannounced" | "unreachable", provider: string, snapshot?: string,
 *   shutdown_date: string | null, message: string }} Notice
 * @typedef {{ checked_at: string | null, notices: Notice[] }} Notices
 */

/** @type {Record<Notice["kind"], [title: string, tone: string, explanation: string]>} */
const KINDS = {
  ending: ["Ending soon", "warn", "These models end within 60 days."],
  missing: ["Missing", "bad", "The catalog has these models, but their provider does not list them."],
  unannounced: ["Not in the catalog", "bad", "The provider's date of the end differs from the catalog's."],
  unreachable: ["Not checked", "", "These providers did not answer. Try again later."],
};

/** @type {import("./console-shell.js").Section} */
export const noticesSection = {
  id: "notices",
  title: "Notices",
  absent: "This deployment has no feature admin-catalog, so nothing checks which models end.",
  async open(view) {
    show(view, await admin("/catalog/notices"));
  },
};

/**
 * @param {HTMLElement} view
 * @param {Notices} stored
 */
function show(view, { checked_at: checkedAt, notices }) {
  const button = element("button", { type: "button" }, "Check now");
  const result = element("div", { class: "stack" });
  const check = async () => {
    button.disabled = true;
    button.textContent = "Asking the providers…";
    try {
      show(view, await admin("/catalog/notices", { method: "POST" }));
      view.querySelector("p")?.focus();
    } catch (thrown) {
      button.disabled = false;
      button.textContent = "Check now";
      fill(result, problem(thrown, check));
    }
  };
  button.addEventListener("click", check);
  const when = checkedAt === null ? "The models have not been checked yet." : `Checked on ${formatIso(checkedAt)}.`;
  const kinds = /** @type {Notice["kind"][]} */ (Object.keys(KINDS));
  fill(
    result,
    checkedAt !== null &&
      notices.length === 0 &&
      notice("good", "All models of the catalog are available. None ends soon."),
    kinds.map((kind) =>
      group(
        kind,
        notices.filter((other) => other.kind === kind),
      ),
    ),
  );
  fill(
    view,
    element(
      "div",
      { class: "row between" },
      element(
        "p",
        { class: "muted tight focus-text", tabindex: -1 },
        `${when} Weir asks each provider for its models once a day.`,
      ),
      button,
    ),
    result,
  );
}

/**
 * @param {Notice["kind"]} kind
 * @param {Notice[]} notices
 */
function group(kind, notices) {
  if (notices.length === 0) return null;
  const [title, tone, explanation] = KINDS[kind];
  const items = notices.map(({ snapshot, provider, shutdown_date: end, message }) =>
    element(
      "li",
      {},
      element(
        "div",
        { class: "row" },
        element("code", {}, snapshot ?? provider),
        end !== null &&
          element("span", { class: `tag ${tone}` }, "ends ", element("time", { datetime: end }, formatDay(end))),
      ),
      element("p", { class: "tight" }, message),
    ),
  );
  return element(
    "section",
    { class: "card" },
    element("h3", {}, `${title} (${notices.length})`),
    element("p", { class: "muted" }, explanation),
    element("ul", { class: "plain-list" }, items),
  );
}
