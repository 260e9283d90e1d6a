// The dialog that confirms a change: what happens, the fields that the change needs, and its result.

import { element, fill } from "./dom.js";
import { explainToOperator, isUncertain } from "./console-session.js";
import { notice } from "./site.js";

/**
 * @typedef {import("./dom.js").Child} Child
 * @typedef {object} Question
 * @property {string} title
 * @property {Child[]} body fields and explanations
 * @property {string} action the text of the button
 * @property {boolean} [isDangerous]
 * @property {boolean} [isWide] for a diff
 * @property {string} [repeat] what to tell the operator when it is unknown whether the change was made
 * @property {() => Promise<void>} send makes the change. The dialog closes when it resolves.
 * @property {(thrown: unknown) => boolean} [closesOn] errors that close the dialog, because `send` has explained them
 */

/**
 * Opens a dialog. A failed change keeps it open, with the reason.
 * @param {Question} question
 */
export function ask({ title, body, action, isDangerous, isWide, repeat, send, closesOn }) {
  const result = element("div", { role: "alert" });
  const fields = element("fieldset", { class: "stack plain" }, ...body);
  const confirm = element("button", { type: "submit", class: isDangerous ? "destructive" : "primary" }, action);
  const cancel = element("button", { type: "button", click: () => dialog.close() }, "Cancel");
  let isSending = false;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    confirm.textContent = "Working…";
    confirm.setAttribute("aria-disabled", "true");
    fill(result);
    try {
      await send();
      dialog.close();
    } catch (thrown) {
      if (closesOn?.(thrown) || !dialog.isConnected) return dialog.close();
      const { title: problem, advice } = explainToOperator(thrown);
      // A repeat must be the same change, so its fields stay as they are.
      const isOpen = isUncertain(thrown);
      fields.disabled = isOpen;
      fill(result, notice("bad", problem, ...[isOpen && repeat ? repeat : advice].filter((text) => text !== "")));
      confirm.textContent = isOpen ? "Send again" : action;
      confirm.removeAttribute("aria-disabled");
    } finally {
      isSending = false;
    }
  };
  const dialog = element(
    "dialog",
    { class: isWide ? "ask wide" : "ask", "aria-labelledby": "ask-title" },
    element(
      "form",
      { submit },
      element("h2", { id: "ask-title", tabindex: -1, autofocus: true }, title),
      element("div", { class: "ask-body stack" }, fields, result),
      element("div", { class: "row ask-actions" }, cancel, confirm),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

let fieldCount = 0;

/**
 * A labelled field. `control` gets an id.
 * @template {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control
 * @param {string} label
 * @param {Control} control
 * @param {string} [hint]
 */
export function field(label, control, hint) {
  const id = control.id || `field-${++fieldCount}`;
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return element(
    "div",
    {},
    element("label", { for: id }, label),
    control,
    hint && element("p", { class: "hint", id: `${id}-hint` }, hint),
  );
}

/** The required reason of a change. */
export function reasonField() {
  const control = element("textarea", { rows: 2, required: true, maxlength: 500 });
  const view = field("Reason", control, "It is stored with the change. Other operators read it.");
  return { view, value: () => control.value.trim() };
}

/** The author's name of the last change on this page. */
let lastAuthor = "";

/** Author and note of a change of the catalog. */
export function intentFields() {
  const author = element("input", { type: "text", maxlength: 100, required: true, autocomplete: "name" });
  author.value = lastAuthor;
  const note = element("input", { type: "text", maxlength: 500, autocomplete: "off" });
  const view = element(
    "div",
    { class: "grid" },
    field("Your name", author, "For the history."),
    field("Note", note, "Why you make this change."),
  );
  const value = () => {
    lastAuthor = author.value.trim();
    const text = note.value.trim();
    return { author: lastAuthor, ...(text === "" ? {} : { note: text }) };
  };
  return { view, value };
}
