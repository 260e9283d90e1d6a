// The dialogs of the canary: start, change of the share, end.

import { field } from "./console-dialog.js";
import { askMove, diffTitle, revisionDiff } from "./console-moves.js";
import { labelOf, revisionsOf } from "./console-publication.js";
import { element, fill } from "./dom.js";

/** @typedef {import("./console-publication.js").Publication} Publication */

const DEFAULT_PERCENT = 10;

/**
 * @param {Publication} publication
 * @param {string} [chosen] a revision; without one the operator chooses
 */
export function askCanary(publication, chosen) {
  const { active, canary } = publication;
  const others = revisionsOf(publication).filter((revision) => revision !== active);
  const first = chosen ?? others[0] ?? "";
  const isRunning = canary?.revision === first;
  const options = others.map((revision) => element("option", { value: revision }, labelOf(publication, revision)));
  const select = element("select", {}, options);
  select.value = first;
  const percent = percentField(isRunning ? canary.percent : DEFAULT_PERCENT);
  const differences = element("div", { class: "stack" });
  const replaces = element("p", { class: "muted" });
  const show = () => {
    const isOther = canary !== null && canary.revision !== select.value;
    fill(replaces, isOther && `It replaces the canary ${canary.revision}.`);
    fill(differences, diffTitle(active, select.value), revisionDiff(active, select.value));
  };
  select.addEventListener("change", show);
  show();
  askMove({
    title: isRunning ? "Change the share of the canary?" : "Try a revision on some users?",
    action: isRunning ? "Change the share" : "Start the canary",
    body: [
      element("p", {}, "A share of the users gets this revision. While the share grows, they stay the same users."),
      isRunning ? null : field("Revision", select),
      replaces,
      percent.view,
    ],
    differences: [differences],
    active,
    kind: "canary",
    target: () => ({ revision: select.value, percent: percent.value() }),
    done: ({ canary: now }) => `${now?.percent} % of the users get the canary ${now?.revision}.`,
  });
}

/**
 * Ends the canary. It does not roll back, because that would change the active revision if no canary runs any more.
 * @param {Publication} publication
 * @param {string} revision the running canary
 */
export function askEndCanary({ active }, revision) {
  askMove({
    title: "End the canary?",
    action: "End the canary",
    isDangerous: true,
    body: [element("p", {}, "Its users return to the active revision. The canary stays in the history.")],
    differences: [diffTitle(revision, active), revisionDiff(revision, active)],
    active,
    kind: "canary",
    target: () => ({ revision, percent: 0 }),
    done: () => `The canary has ended. All users get ${active}.`,
  });
}

/** @param {number} initial */
function percentField(initial) {
  const slider = element("input", { type: "range", min: 1, max: 100, step: 1, id: "canary-slider" });
  const number = element("input", {
    type: "number",
    min: 0.1,
    max: 100,
    step: 0.1,
    required: true,
    id: "canary-percent",
  });
  slider.value = number.value = String(initial);
  const announce = () => slider.setAttribute("aria-valuetext", `${number.value} % of the users`);
  slider.addEventListener("input", () => {
    number.value = slider.value;
    announce();
  });
  number.addEventListener("input", () => {
    slider.value = number.value;
    announce();
  });
  announce();
  const view = element(
    "div",
    { class: "percent" },
    element("label", { for: "canary-slider" }, "Share of the users"),
    slider,
    element("span", { class: "row" }, number, element("label", { for: "canary-percent", class: "unit" }, "%")),
  );
  return { view, value: () => Number(number.value) };
}
