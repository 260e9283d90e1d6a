// The dialog that stores the edited document, and the lists of its faults and warnings.

import { ask, intentFields } from "./console-dialog.js";
import { breakable, diffList } from "./console-diff.js";
import { askCanary } from "./console-canary.js";
import { askActivate, reportConflict, reportPublished } from "./console-moves.js";
import { faultsOf, isConflict, publish } from "./console-publication.js";
import { goTo, report } from "./console-shell.js";
import { element } from "./dom.js";

/**
 * @typedef {import("./console-draft.js").Draft} Draft
 * @typedef {import("./console-publication.js").Published} Published
 */

/**
 * Asks for confirmation, then stores the draft and activates it if asked to.
 * @param {Draft} draft
 * @param {Record<string, unknown>} document the draft, parsed
 * @param {unknown} activeDocument
 * @param {boolean} activate
 * @param {(faults: string[]) => void} onFaults
 */
export function askPublish(draft, document, activeDocument, activate, onFaults) {
  const { expected, text } = draft;
  const intent = intentFields();
  const store = "Weir checks the document and stores it as a revision. No user gets it yet.";
  const publishing = "Weir checks the document, stores it, and gives it to all users. This ends a canary.";
  ask({
    title: activate ? "Publish this document for everybody?" : "Check and store this document?",
    action: activate ? "Publish" : "Check and store",
    isWide: true,
    body: [
      element("p", {}, activate ? publishing : store),
      intent.view,
      element("h3", {}, "Changes from the active revision ", element("code", {}, expected)),
      diffList(activeDocument, document),
    ],
    async send() {
      try {
        const published = await publish(document, activate, expected, intent.value());
        Object.assign(draft, { saved: text, source: published.revision, expected: published.active });
        if (activate) reportPublished(published, `Published. The active revision is ${published.active}.`);
        else reportStored(published);
      } catch (thrown) {
        const faults = faultsOf(thrown);
        if (faults) onFaults(faults);
        if (isConflict(thrown)) await explainConflict(draft);
        throw thrown;
      }
    },
    closesOn: (thrown) => isConflict(thrown) || faultsOf(thrown) !== undefined,
  });
}

/** @param {Draft} draft */
async function explainConflict(draft) {
  const seen = draft.expected;
  draft.expected = await reportConflict(
    seen,
    "Nothing was stored. Your text is kept. It is now compared with that revision.",
  );
  goTo("editor");
}

/** @param {Published} published */
function reportStored(published) {
  const { revision, active, warnings = [] } = published;
  const canary = () => askCanary(published, revision);
  const activate = () => askActivate(published, revision);
  const isActive = revision === active;
  report(
    warnings.length > 0 ? "warn" : "good",
    `The document is valid. It is stored as revision ${revision}.`,
    isActive ? "It is the active revision already." : warnings.length > 0 ? "Weir warns you:" : "No user gets it yet.",
    warnings.length > 0 &&
      element(
        "ul",
        { class: "faults" },
        warnings.map((line) => element("li", {}, element("div", {}, pathLine(line)))),
      ),
    !isActive &&
      element(
        "div",
        { class: "row" },
        element("button", { type: "button", class: "small", click: canary }, "Try it on some users…"),
        element("button", { type: "button", class: "small", click: activate }, "Activate…"),
      ),
  );
  goTo("editor");
}

/**
 * Formats "path: message".
 * @param {string} line
 */
export function pathLine(line) {
  const [path = "", ...message] = line.split(": ");
  if (message.length === 0) return [line];
  return [element("code", {}, breakable(path)), `: ${message.join(": ")}`];
}
