// The dialogs that change what users get. Each shows the differences, and explains a conflict with another operator.

import { ask, intentFields } from "./console-dialog.js";
import { changeList, countInWords, differences } from "./console-diff.js";
import { documentOf, formatIso, isConflict, loadPublication, move } from "./console-publication.js";
import { kindInWords } from "./console-publication.js";
import { explainToOperator, isUncertain } from "./console-session.js";
import { goTo, report } from "./console-shell.js";
import { element, fill } from "./dom.js";
import { notice } from "./site.js";

/**
 * @typedef {import("./console-publication.js").Publication} Publication
 * @typedef {import("./console-publication.js").Published} Published
 */

/**
 * The differences between two revisions, loaded in the background.
 * @param {string} before
 * @param {string} after
 */
export function revisionDiff(before, after) {
  const count = element("p", { class: "muted diff-count", role: "status" }, "Loading the differences…");
  const list = element("div", { class: "stack" });
  const load = async () => {
    try {
      const changes = differences(...(await Promise.all([documentOf(before), documentOf(after)])));
      count.textContent = `${countInWords(changes)}.`;
      fill(list, changeList(changes));
    } catch (thrown) {
      count.textContent = "The differences cannot be shown.";
      fill(list, notice("warn", explainToOperator(thrown).title));
    }
  };
  void load();
  return element("div", { class: "stack diff" }, count, list);
}

/**
 * The sentence above a list of differences.
 * @param {string} before
 * @param {string} after
 */
export function diffTitle(before, after) {
  return element("h3", {}, "Changes from ", element("code", {}, before), " to ", element("code", {}, after));
}

/**
 * @param {Published} published
 * @param {string} title what has happened
 */
export function reportPublished({ seen_everywhere_by: seen, warnings = [] }, title) {
  const until = seen === null ? "" : `Every location sees this by ${formatIso(seen)}.`;
  const list = element(
    "ul",
    {},
    warnings.map((warning) => element("li", {}, warning)),
  );
  report(warnings.length > 0 ? "warn" : "good", title, until, warnings.length > 0 && list);
  goTo("catalog");
}

/**
 * Explains that somebody else was faster, and shows what they changed. Returns the revision that is active now.
 * @param {string} expected
 * @param {string} [advice]
 */
export async function reportConflict(
  expected,
  advice = "Your change was not made. Look at the new state, and make it again.",
) {
  const { active, history } = await loadPublication();
  const entry = history.find(({ kind, revision }) => kind !== "store" && revision === active);
  const who = entry ? ` ${kindInWords(entry)} by ${entry.author ?? "somebody"} on ${formatIso(entry.at)}` : "";
  const note = entry?.note ? `: “${entry.note}”.` : who === "" ? "" : ".";
  report(
    "warn",
    "The active revision has changed in the meantime.",
    `The active revision is now ${active}.${who}${note} ${advice}`,
    element("details", {}, element("summary", {}, "What they changed"), revisionDiff(expected, active)),
  );
  return active;
}

/**
 * @typedef {object} Move
 * @property {string} title
 * @property {string} action the text of the button
 * @property {boolean} [isDangerous]
 * @property {import("./dom.js").Child[]} body
 * @property {Node[]} differences
 * @property {string} active the active revision that the operator has seen
 * @property {"activate" | "canary" | "rollback"} kind
 * @property {() => { revision?: string, percent?: number }} target
 * @property {(published: Published) => string} done says what has happened
 */

/**
 * Asks for confirmation of a change, sends it, and explains the result above the section.
 * @param {Move} change
 */
export function askMove({ title, action, isDangerous = false, body, differences, active, kind, target, done }) {
  const intent = intentFields();
  ask({
    title,
    action,
    isDangerous,
    isWide: true,
    body: [...body, intent.view, ...differences],
    async send() {
      try {
        const published = await move(kind, target(), active, intent.value());
        reportPublished(published, done(published));
      } catch (thrown) {
        if (isConflict(thrown)) {
          await reportConflict(active);
        }
        // What the page shows may be old: it is also refused to end a canary that has ended.
        if (!isUncertain(thrown)) goTo("catalog");
        throw thrown;
      }
    },
    closesOn: isConflict,
  });
}

/**
 * @param {Publication} publication
 * @param {string} revision
 */
export function askActivate({ active, canary }, revision) {
  askMove({
    title: "Activate this revision for everybody?",
    action: "Activate",
    body: [element("p", {}, `All users get it.${canary === null ? "" : " This ends the canary."}`)],
    differences: [diffTitle(active, revision), revisionDiff(active, revision)],
    active,
    kind: "activate",
    target: () => ({ revision }),
    done: (published) => `Activated. The active revision is ${published.active}.`,
  });
}

/**
 * @param {Publication} publication
 * @param {string} previous
 */
export function askRollback({ active }, previous) {
  askMove({
    title: "Roll back to the previous revision?",
    action: "Roll back",
    isDangerous: true,
    body: [element("p", {}, "All users get the previous revision. A second rollback undoes this one.")],
    differences: [diffTitle(active, previous), revisionDiff(active, previous)],
    active,
    kind: "rollback",
    target: () => ({}),
    done: (published) => `Rolled back. The active revision is ${published.active}.`,
  });
}
