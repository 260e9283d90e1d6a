// The section Catalog: the active revision, the canary, the previous revision, and the history of changes.

import { askCanary, askEndCanary } from "./console-canary.js";
import { askActivate, askRollback } from "./console-moves.js";
import { BUNDLED, formatIso, loadPublication } from "./console-publication.js";
import { openInEditor } from "./console-editor.js";
import { historyCard } from "./console-history.js";
import { goTo } from "./console-shell.js";
import { element, fill } from "./dom.js";

/**
 * @typedef {import("./console-publication.js").Publication} Publication
 * @typedef {import("./dom.js").Child} Child
 */

/** @type {import("./console-shell.js").Section} */
export const catalogSection = {
  id: "catalog",
  title: "Catalog",
  absent: "This deployment has no feature admin-catalog, so its catalog changes with a new release only.",
  async open(view) {
    const publication = await loadPublication();
    const loadedAt = new Date().toLocaleTimeString();
    fill(
      view,
      element(
        "div",
        { class: "row between" },
        element("p", { class: "muted tight" }, `As of ${loadedAt}. A change is visible everywhere after two minutes.`),
        button("Refresh", () => goTo("catalog")),
      ),
      element("div", { class: "grid" }, activeCard(publication), canaryCard(publication), previousCard(publication)),
      historyCard(publication),
    );
  },
};

/** @param {string} text @param {() => void} click @param {string} [kind] */
const button = (text, click, kind = "") => element("button", { type: "button", class: kind, click }, text);

/** @param {string} revision */
function name(revision) {
  return element(
    "p",
    { class: "revision" },
    element("code", {}, revision),
    revision === BUNDLED && element("small", {}, " in the Worker"),
  );
}

/** @param {Publication} publication @param {string} revision */
function about({ history }, revision) {
  const entry = history.find((other) => other.revision === revision);
  if (!entry) return null;
  return element(
    "p",
    { class: "muted tight" },
    entry.note && `“${entry.note}” `,
    `${entry.author ?? "Somebody"}, ${formatIso(entry.at)}.`,
  );
}

/** @param {Publication} publication */
function activeCard(publication) {
  const { active, seen_everywhere_by: seen } = publication;
  const isSpreading = seen !== null && Date.parse(seen) > Date.now();
  return element(
    "section",
    { class: "card revision-card", "aria-label": "Active revision" },
    element(
      "div",
      { class: "row between" },
      element("h3", {}, "Active"),
      element("span", { class: "tag good" }, "live"),
    ),
    name(active),
    about(publication, active),
    seen !== null &&
      element(
        "p",
        { class: "tight" },
        isSpreading ? "Seen everywhere by " : "Seen everywhere since ",
        formatIso(seen),
        ".",
      ),
    element(
      "div",
      { class: "row actions" },
      button("Edit", () => openInEditor(active), "primary"),
    ),
  );
}

/** @param {Publication} publication */
function canaryCard(publication) {
  const { canary } = publication;
  if (canary === null) {
    return element(
      "section",
      { class: "card revision-card", "aria-label": "Canary" },
      element("h3", {}, "Canary"),
      element("p", { class: "muted" }, "None. A canary gives a revision to a share of the users first."),
      element(
        "div",
        { class: "row actions" },
        button("Start a canary…", () => askCanary(publication)),
      ),
    );
  }
  const { revision, percent } = canary;
  const bar = element("div", { class: "used" });
  bar.style.width = `${percent}%`;
  return element(
    "section",
    { class: "card revision-card", "aria-label": "Canary" },
    element(
      "div",
      { class: "row between" },
      element("h3", {}, "Canary"),
      element("span", { class: "tag warn" }, `${percent} % of the users`),
    ),
    name(revision),
    about(publication, revision),
    element("div", { class: "meter" }, element("div", { class: "track", "aria-hidden": "true" }, bar)),
    element(
      "div",
      { class: "row actions" },
      button("Change the share…", () => askCanary(publication, revision)),
      button("Activate…", () => askActivate(publication, revision)),
      button("End…", () => askEndCanary(publication, revision), "danger"),
    ),
  );
}

/** @param {Publication} publication */
function previousCard(publication) {
  const { active, previous, canary } = publication;
  /** @type {Child[]} */
  const content =
    previous === null
      ? [element("p", { class: "muted" }, "Nothing has been published yet.")]
      : [name(previous), about(publication, previous), rollbackOf()];
  return element(
    "section",
    { class: "card revision-card", "aria-label": "Previous revision" },
    element("h3", {}, "Previous"),
    ...content,
  );

  function rollbackOf() {
    if (previous === null || previous === active) {
      return element("p", { class: "muted" }, "The active revision is also the previous one.");
    }
    if (canary) return element("p", { class: "muted" }, "To roll back further, end the canary first.");
    return element(
      "div",
      { class: "row actions" },
      button("Roll back…", () => askRollback(publication, previous), "danger"),
    );
  }
}
