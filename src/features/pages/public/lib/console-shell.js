// The frame of the console: a menu of sections, the section of the address's #hash, and reports of what was done.

import { element, fill } from "./dom.js";
import { explainToOperator, isMissing, isUncertain, signOut } from "./console-session.js";
import { notice } from "./site.js";

/**
 * @typedef {import("./dom.js").Child} Child
 * @typedef {object} Section
 * @property {string} id its #hash
 * @property {string} title
 * @property {string} absent shown when the deployment does not have the section's route
 * @property {(view: HTMLElement) => Promise<void>} open loads the section and fills the view
 */

const reports = element("div", { id: "reports", "aria-live": "polite", tabindex: -1 });
const view = element("section", { id: "section", "aria-labelledby": "section-title" });
const menu = element("nav", { class: "console-menu", "aria-label": "Sections" });

/** @type {Section[]} */
let sections = [];
/** Counts openings, so that a slow section does not replace a newer one. */
let opening = 0;

/**
 * Fills the page with the console.
 * @param {Element} content
 * @param {Section[]} all
 */
export function openShell(content, all) {
  sections = all;
  const lock = element("button", { type: "button", click: () => signOut("You have signed out.") }, "Sign out");
  fill(reports);
  fill(
    content,
    element("div", { class: "row between console-title" }, element("h1", {}, "Console"), lock),
    element("div", { class: "console" }, menu, element("div", { class: "console-main" }, reports, view)),
  );
  showSection();
}

/** Tests if the #hash names a section. Other ones are anchors in the page. */
export const hasSection = () => sections.some(({ id }) => `#${id}` === location.hash);

/** Shows the section of the #hash, or else the first one. Loads it again when it is open. */
export function showSection() {
  const section = sections.find(({ id }) => `#${id}` === location.hash) ?? sections[0];
  if (!section || !view.isConnected) return;
  document.title = `${section.title} – Console – Weir`;
  fill(
    menu,
    ...sections.map(({ id, title }) =>
      element("a", { href: `#${id}`, "aria-current": id === section.id ? "page" : undefined }, title),
    ),
  );
  menu.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  void open(section);
}

/** @param {Section} section */
async function open(section) {
  const mine = ++opening;
  const body = element("div", { class: "stack" }, element("p", { class: "muted", role: "status" }, "Loading…"));
  fill(view, element("h2", { id: "section-title", tabindex: -1 }, section.title), body);
  const next = element("div", { class: "stack" });
  try {
    await section.open(next);
  } catch (thrown) {
    if (isMissing(thrown)) fill(next, element("p", { class: "muted" }, section.absent));
    else
      fill(
        next,
        problem(thrown, () => open(section)),
      );
  }
  if (mine === opening) body.replaceWith(next);
}

/** Focuses the title of the open section, after the operator chose it. */
export function focusSection() {
  document.getElementById("section-title")?.focus();
}

/**
 * Shows what was done, or why it was not, above the section.
 * @param {"warn" | "bad" | "good" | ""} kind
 * @param {string} title
 * @param {string} advice
 * @param {...Child} more
 */
export function report(kind, title, advice, ...more) {
  const shown = notice(kind, title, ...(advice === "" ? [] : [advice]));
  const close = element("button", { type: "button", class: "quiet small", click: () => fill(reports) }, "Close");
  const parts = [...shown.childNodes];
  fill(shown, element("div", { class: "report-text" }, parts, ...more), close);
  fill(reports, shown);
  focusNext(reports);
}

/**
 * Focuses an element once the dialog that leads to it has closed. An open dialog keeps the focus.
 * @param {HTMLElement} target
 */
export function focusNext(target) {
  setTimeout(() => {
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
  }, 0);
}

/**
 * Goes to a section, or loads it again when it is open.
 * @param {string} id
 */
export function goTo(id) {
  if (location.hash !== `#${id}`) history.pushState(null, "", `#${id}`);
  showSection();
}

/** Removes the report. */
export const clearReport = () => fill(reports);

/**
 * An error. A button repeats the request, unless it was refused.
 * @param {unknown} thrown
 * @param {() => unknown} again
 */
export function problem(thrown, again) {
  const { title, advice } = explainToOperator(thrown);
  const button = element("button", { type: "button", click: () => again() }, "Try again");
  return element(
    "div",
    { class: "stack" },
    notice("bad", title, ...(advice === "" ? [] : [advice])),
    isUncertain(thrown) && element("div", {}, button),
  );
}
