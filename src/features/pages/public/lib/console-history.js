// The history of the catalog's changes.

import { compareRevisions } from "./console-compare.js";
import { openInEditor } from "./console-editor.js";
import { askCanary } from "./console-canary.js";
import { askActivate } from "./console-moves.js";
import { formatIso, kindInWords } from "./console-publication.js";
import { element } from "./dom.js";

/**
 * @typedef {import("./console-publication.js").Publication} Publication
 * @typedef {import("./console-publication.js").HistoryEntry} HistoryEntry
 */

/** Older entries are shown on demand. */
const SHOWN = 15;

/** @param {string} text @param {() => void} click @param {string} [kind] */
const button = (text, click, kind = "") => element("button", { type: "button", class: kind, click }, text);

/**
 * The latest changes, newest first, with what can be done with each revision.
 * @param {Publication} publication
 */
export function historyCard(publication) {
  const entries = publication.history;
  if (entries.length === 0) {
    const text = "Every change appears here, with its author and note.";
    return element(
      "section",
      { class: "card" },
      element("h3", {}, "History"),
      element("p", { class: "muted tight" }, text),
    );
  }
  const list = element(
    "ol",
    { class: "history" },
    entries.slice(0, SHOWN).map((entry) => historyItem(publication, entry)),
  );
  const rest = entries.length - SHOWN;
  const more = button(`Show ${rest} older`, () => {
    list.append(...entries.slice(SHOWN).map((entry) => historyItem(publication, entry)));
    more.remove();
  });
  return element(
    "section",
    { class: "card", "aria-label": "History" },
    element("h3", {}, "History"),
    list,
    rest > 0 && more,
  );
}

/** @param {Publication} publication @param {HistoryEntry} entry */
function historyItem(publication, entry) {
  const { revision, kind, percent } = entry;
  const tone = kind === "rollback" ? "warn" : kind === "activate" ? "good" : "";
  const isTrial = kind === "canary" && (percent ?? 0) > 0;
  return element(
    "li",
    {},
    element(
      "div",
      { class: "what" },
      element(
        "div",
        { class: "row" },
        element("span", { class: `tag ${isTrial ? "warn" : tone}` }, kindInWords(entry)),
        element("code", {}, revision),
      ),
      element("p", { class: "tight" }, entry.note ?? element("span", { class: "muted" }, "No note")),
      element(
        "small",
        {},
        `${entry.author ?? "Somebody"}, `,
        element("time", { datetime: entry.at }, formatIso(entry.at)),
      ),
    ),
    // A revision has its buttons once, beside its latest entry.
    entry === publication.history.find((other) => other.revision === revision) && actions(publication, revision),
  );
}

/** @param {Publication} publication @param {string} revision */
function actions(publication, revision) {
  const { active } = publication;
  if (revision === active) return element("span", { class: "tag good" }, "active");
  return element(
    "div",
    { class: "row", role: "group", "aria-label": `Revision ${revision}` },
    button("Compare", () => compareRevisions(active, revision), "small"),
    button("Edit", () => openInEditor(revision), "small"),
    button("Canary…", () => askCanary(publication, revision), "small"),
    button("Activate…", () => askActivate(publication, revision), "small"),
  );
}
