// The section Compare: what differs between any two revisions.

import { revisionDiff } from "./console-moves.js";
import { BUNDLED, labelOf, loadPublication, revisionsOf } from "./console-publication.js";
import { field } from "./console-dialog.js";
import { goTo } from "./console-shell.js";
import { element, fill } from "./dom.js";

/** @type {{ before: string, after: string } | undefined} */
let chosen;

/**
 * Shows the differences between two revisions.
 * @param {string} before
 * @param {string} after
 */
export function compareRevisions(before, after) {
  chosen = { before, after };
  goTo("compare");
}

/** @type {import("./console-shell.js").Section} */
export const compareSection = {
  id: "compare",
  title: "Compare revisions",
  absent: "This deployment has no feature admin-catalog, so it has one revision only.",
  async open(view) {
    const publication = await loadPublication();
    const revisions = revisionsOf(publication);
    const [before, after] = [select(publication, revisions), select(publication, revisions)];
    const known = (/** @type {string | undefined} */ name) => (name && revisions.includes(name) ? name : undefined);
    before.value = known(chosen?.before) ?? publication.previous ?? BUNDLED;
    after.value = known(chosen?.after) ?? publication.active;
    const result = element("div", { class: "stack" });
    const show = () => {
      chosen = { before: before.value, after: after.value };
      fill(result, revisionDiff(before.value, after.value));
    };
    const swap = () => {
      [before.value, after.value] = [after.value, before.value];
      show();
    };
    before.addEventListener("change", show);
    after.addEventListener("change", show);
    show();
    fill(
      view,
      element(
        "div",
        { class: "card compare-choice" },
        field("From", before),
        field("To", after),
        element("button", { type: "button", click: swap }, "Swap"),
      ),
      result,
    );
  },
};

/**
 * @param {import("./console-publication.js").Publication} publication
 * @param {string[]} revisions
 */
const select = (publication, revisions) =>
  element(
    "select",
    {},
    revisions.map((revision) => element("option", { value: revision }, labelOf(publication, revision))),
  );
