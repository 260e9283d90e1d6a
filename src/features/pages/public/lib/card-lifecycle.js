// The lifecycle of models: tags, dates, and the chain of successors.

import { findModel, modelPath } from "./card-data.js";
import { icon } from "./card-icons.js";
import { element, formatDay } from "./dom.js";

/**
 * @typedef {import("./card-data.js").Model} Model
 * @typedef {import("./card-data.js").ModelEntry} ModelEntry
 * @typedef {import("./card-data.js").Snapshot} Snapshot
 */

/** Today in UTC, as YYYY-MM-DD. Shutdown dates are UTC days. */
export const today = () => new Date().toISOString().slice(0, 10);

/** Tests if another model answers for this name. @param {ModelEntry} entry */
export const isMoved = ({ answered_by: by, snapshot }) => by !== null && by !== snapshot;

/**
 * The day on which a model ended or will end, as a sentence without its subject: "Ends on Dec 11, 2026".
 * @param {string | null | undefined} date
 */
export const endOf = (date) => date && `${date <= today() ? "Ended" : "Ends"} on ${formatDay(date)}`;

/**
 * The tags of a model: default, its end, who answers for it, and if this server offers it.
 * @param {Model[]} models
 * @param {Model} model
 */
export function lifecycleTags(models, { entry, card }) {
  const end = endOf(entry.shutdown_date);
  const hasEnded = end?.startsWith("Ended");
  return [
    card.default && element("span", { class: "tag good" }, "Default"),
    end && element("span", { class: `tag ${hasEnded ? "bad" : "warn"}` }, end),
    isMoved(entry) && element("span", { class: "tag warn" }, `Answered by ${answeringTitle(models, entry)}`),
    !entry.served && element("span", { class: "tag" }, "Not offered here"),
  ];
}

/** @param {Model[]} models @param {ModelEntry} entry */
export const answeringTitle = (models, { answered_by: by }) =>
  by === null ? "no model" : (findModel(models, by)?.card.name ?? by);

/**
 * The snapshots of a model, each with its aliases, dates and successors.
 * @param {Model[]} models
 * @param {Model} model
 */
export function snapshotList(models, model) {
  return element(
    "ul",
    { class: "snapshots" },
    ...model.card.snapshots.map((snapshot) =>
      element(
        "li",
        { class: "card stack" },
        element(
          "div",
          { class: "row" },
          element("h3", { class: "mono" }, snapshot.id),
          snapshot.shutdown_date &&
            element(
              "span",
              { class: `tag ${snapshot.shutdown_date <= today() ? "bad" : "warn"}` },
              endOf(snapshot.shutdown_date) ?? "",
            ),
        ),
        aliases(snapshot),
        dates(snapshot),
        snapshot.successors.length > 0 && chain(models, model, snapshot),
      ),
    ),
  );
}

/** @param {Snapshot} snapshot */
function aliases({ id, aliases: names }) {
  const others = names.filter((name) => name !== id);
  return (
    others.length > 0 &&
    element(
      "p",
      { class: "row aliases" },
      element("span", { class: "muted" }, others.length === 1 ? "Alias" : "Aliases"),
      ...others.map((name) => element("code", { class: "tag" }, name)),
    )
  );
}

/** @param {Snapshot} snapshot */
function dates({ released, deprecated, shutdown_date: shutdown }) {
  const steps = /** @type {[string, string | undefined][]} */ ([
    ["Released", released],
    ["Deprecated", deprecated],
    ["Shutdown", shutdown],
  ]);
  const known = steps.filter(([, date]) => date !== undefined);
  if (known.length === 0) return element("p", { class: "muted" }, "The catalog has no dates for this snapshot.");
  return element(
    "dl",
    { class: "dates" },
    ...known.map(([title, date = ""]) =>
      element(
        "div",
        { class: date <= today() ? "past" : "" },
        element("dt", {}, title),
        element("dd", {}, element("time", { datetime: date }, formatDay(date))),
      ),
    ),
  );
}

/**
 * The path from a snapshot along its successors.
 * @param {Model[]} models
 * @param {Model} model
 * @param {Snapshot} snapshot
 */
function chain(models, { entry }, { id, successors }) {
  const steps = [id, ...successors].map((name, index) => {
    const found = findModel(models, name);
    const own = found?.card.snapshots.find((each) => each.id === name);
    const answers = entry.answered_by === name;
    return element(
      "li",
      { class: answers ? "answers" : "" },
      index > 0 && icon("arrow"),
      element(
        "span",
        { class: "step" },
        index === 0 || !found
          ? element("strong", {}, found?.card.name ?? name)
          : element("a", { href: modelPath(found.name) }, found.card.name),
        element("small", {}, own?.shutdown_date ? endOf(own.shutdown_date) : "No end announced"),
        answers && element("span", { class: "tag good" }, icon("check"), "Answers today"),
      ),
    );
  });
  return element("div", {}, element("h4", {}, "Successors"), element("ol", { class: "chain" }, ...steps));
}
