// The section Edit: the document of a revision or of a file, its differences, check and publication.

import { draftFile, draftRevision, currentDraft, hasUnsavedText, parseDraft } from "./console-draft.js";
import { field } from "./console-dialog.js";
import { diffList } from "./console-diff.js";
import { lineOf, positionOf } from "./console-json-position.js";
import { reportConflict } from "./console-moves.js";
import { documentOf, labelOf, loadPublication, revisionsOf } from "./console-publication.js";
import { askPublish, pathLine } from "./console-publish.js";
import { focusNext, goTo } from "./console-shell.js";
import { element, fill } from "./dom.js";
import { notice } from "./site.js";

/** Waits this long after a keystroke before it compares. */
const PAUSE_MS = 350;

const DISCARD = "The text has changes that are not stored. Discard them?";

/** @type {string | undefined} */
let requested;

/**
 * Opens the document of a revision in the editor.
 * @param {string} revision
 */
export function openInEditor(revision) {
  if (!hasUnsavedText() || confirm(DISCARD)) requested = revision;
  goTo("editor");
}

/** @type {import("./console-shell.js").Section} */
export const editorSection = {
  id: "editor",
  title: "Edit the catalog",
  absent: "This deployment has no feature admin-catalog, so its catalog changes with a new release only.",
  async open(view) {
    const publication = await loadPublication();
    const draft = await draftFor(publication.active);
    fill(view, source(publication), editor(draft, await documentOf(publication.active)));
  },
};

/** @param {string} active */
async function draftFor(active) {
  const wanted = requested;
  requested = undefined;
  const draft = currentDraft();
  if (wanted !== undefined || !draft) return draftRevision(wanted ?? active, active);
  if (draft.expected === active) return draft;
  if (!hasUnsavedText() && draft.source === draft.expected) return draftRevision(active, active);
  draft.expected = await reportConflict(draft.expected, "Your text is kept. It is now compared with that revision.");
  return draft;
}

/** @param {import("./console-publication.js").Publication} publication */
function source(publication) {
  const revisions = revisionsOf(publication);
  const options = revisions.map((revision) => element("option", { value: revision }, labelOf(publication, revision)));
  const select = element("select", {}, options);
  const from = currentDraft()?.source ?? "";
  if (revisions.includes(from)) select.value = from;
  const file = element("input", { type: "file", accept: ".json,application/json" });
  file.addEventListener("change", async () => {
    const [chosen] = file.files ?? [];
    if (!chosen || (hasUnsavedText() && !confirm(DISCARD))) return;
    draftFile(await chosen.text(), chosen.name, publication.active);
    goTo("editor");
  });
  return element(
    "div",
    { class: "card editor-source" },
    field("Start from a revision", select),
    element("button", { type: "button", click: () => openInEditor(select.value) }, "Load"),
    field("Or open a JSON file", file),
  );
}

/**
 * @param {import("./console-draft.js").Draft} draft
 * @param {unknown} activeDocument
 */
function editor(draft, activeDocument) {
  const area = element("textarea", {
    class: "mono document",
    rows: 26,
    spellcheck: "false",
    wrap: "off",
    autocomplete: "off",
  });
  area.value = draft.text;
  const state = element("div", { class: "text-state", "aria-live": "polite" });
  const faultList = element("div", { tabindex: -1, class: "fault-list" });
  const changes = element("div");

  const goToPosition = (/** @type {number} */ position) => {
    const end = area.value.indexOf("\n", position);
    area.focus({ preventScroll: true });
    area.setSelectionRange(position, end === -1 ? area.value.length : end);
    const lineHeight = Number.parseFloat(getComputedStyle(area).lineHeight);
    area.scrollTop = lineOf(area.value, position) * lineHeight - area.clientHeight / 2;
    area.scrollLeft = 0;
    area.scrollIntoView({ block: "center" });
  };
  const goToButton = (/** @type {number} */ position) =>
    element(
      "button",
      { type: "button", class: "small", click: () => goToPosition(position) },
      `Line ${lineOf(area.value, position)}`,
    );
  const showFaults = (/** @type {string[]} */ faults) => {
    const items = faults.map((fault) => {
      const position = positionOf(area.value, fault.split(": ")[0] ?? "");
      return element("li", {}, element("div", {}, pathLine(fault)), position > 0 && goToButton(position));
    });
    const title = `The document has ${faults.length} ${faults.length === 1 ? "fault" : "faults"}. Nothing was stored.`;
    fill(faultList, notice("bad", title), element("ul", { class: "faults card" }, items));
    focusNext(faultList);
  };
  const compare = () => {
    const parsed = parseDraft(area.value);
    if ("fault" in parsed) {
      const { fault, position } = parsed;
      fill(state, notice("warn", fault, position !== undefined && goToButton(position)));
      fill(changes);
      return;
    }
    fill(state);
    fill(
      changes,
      element("h3", {}, "Changes from the active revision ", element("code", {}, draft.expected)),
      diffList(activeDocument, parsed.document),
    );
  };
  const submit = (/** @type {boolean} */ activate) => {
    draft.text = area.value;
    fill(faultList);
    const parsed = parseDraft(area.value);
    if ("fault" in parsed) {
      compare();
      return area.focus();
    }
    askPublish(draft, parsed.document, activeDocument, activate, showFaults);
  };
  const download = () => saveAs(new Blob([area.value], { type: "application/json" }), "catalog.json");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  area.addEventListener("input", () => {
    draft.text = area.value;
    clearTimeout(timer);
    timer = setTimeout(compare, PAUSE_MS);
  });
  compare();
  return element(
    "div",
    { class: "stack" },
    faultList,
    element("div", {}, field(`Document, from ${draft.source}`, area), state),
    element(
      "div",
      { class: "row between" },
      element("button", { type: "button", class: "quiet", click: download }, "Download"),
      element(
        "div",
        { class: "row" },
        element("button", { type: "button", click: () => submit(false) }, "Check and store…"),
        element("button", { type: "button", class: "primary", click: () => submit(true) }, "Publish…"),
      ),
    ),
    changes,
  );
}

/**
 * Saves a file on the operator's computer.
 * @param {Blob} blob
 * @param {string} name
 */
export function saveAs(blob, name) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
