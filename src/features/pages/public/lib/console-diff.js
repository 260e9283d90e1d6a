// The differences between two JSON documents, by path, and their list on the page.

import { element } from "./dom.js";

/** @typedef {{ path: string, before: unknown, after: unknown }} Difference */

/** More changes than these are shown on demand. */
const SHOWN = 100;

/** Texts that fit without scrolling, also on a phone. */
const SHORT_LINES = 10;
const SHORT_LENGTH = 300;

/**
 * Returns every path at which two documents differ. Lists of plain values are compared as a whole.
 * @param {unknown} before
 * @param {unknown} after
 * @param {string} [path]
 * @returns {Difference[]}
 */
export function differences(before, after, path = "") {
  if (isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isTree(value) {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) || value.some((item) => typeof item === "object" && item !== null);
}

/**
 * Counts differences in words: "1 added, 2 changed".
 * @param {Difference[]} changes
 */
export function countInWords(changes) {
  if (changes.length === 0) return "No difference";
  const kinds = changes.map(kindOf);
  const parts = ["added", "removed", "changed"].flatMap((kind) => {
    const count = kinds.filter((other) => other === kind).length;
    return count > 0 ? [`${count} ${kind}`] : [];
  });
  return parts.join(", ");
}

/** @param {Difference} change */
function kindOf({ before, after }) {
  if (before === undefined) return "added";
  return after === undefined ? "removed" : "changed";
}

/**
 * Counts and lists what differs between two documents.
 * @param {unknown} before
 * @param {unknown} after
 */
export function diffList(before, after) {
  const changes = differences(before, after);
  const count = element("p", { class: "muted diff-count" }, `${countInWords(changes)}.`);
  return element("div", { class: "stack diff" }, count, changeList(changes));
}

/**
 * Lists differences.
 * @param {Difference[]} changes
 */
export function changeList(changes) {
  const list = element("ul", { class: "changes" }, changes.slice(0, SHOWN).map(changeItem));
  const rest = changes.length - SHOWN;
  const showRest = (/** @type {Event} */ event) => {
    list.append(...changes.slice(SHOWN).map(changeItem));
    /** @type {HTMLElement} */ (event.currentTarget).remove();
  };
  return [
    changes.length > 0 && list,
    rest > 0 && element("button", { type: "button", click: showRest }, `Show ${rest} more`),
  ];
}

/** @param {Difference} change */
function changeItem(change) {
  const { path, before, after } = change;
  const kind = kindOf(change);
  const tone = { added: "good", removed: "bad", changed: "" }[kind];
  return element(
    "li",
    {},
    element(
      "div",
      { class: "row between" },
      element("code", { class: "diff-path" }, breakable(path === "" ? "(whole document)" : path)),
      element("span", { class: `tag ${tone}` }, kind),
    ),
    element(
      "div",
      { class: kind === "changed" ? "sides" : "sides single" },
      before !== undefined && side("del", "Before", before),
      after !== undefined && side("ins", "After", after),
    ),
  );
}

/**
 * @param {"del" | "ins"} tag
 * @param {string} label
 * @param {unknown} value
 */
function side(tag, label, value) {
  const text = JSON.stringify(value, null, 2);
  // A long text scrolls. With a focus, the keyboard can scroll it too.
  const isLong = text.split("\n").length > SHORT_LINES || text.length > SHORT_LENGTH;
  const shown = element("pre", { tabindex: isLong ? 0 : undefined }, text);
  return element(tag, {}, element("span", { class: "side" }, label), shown);
}

/**
 * Lets a path wrap after its dots.
 * @param {string} path
 */
export const breakable = (path) =>
  path.split(".").flatMap((part, index) => (index === 0 ? [part] : [".", element("wbr"), part]));
