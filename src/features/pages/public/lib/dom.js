// Elements, and text for people. All text becomes text nodes, so no text is ever parsed as HTML.

/**
 * @typedef {Node | string | number | null | undefined | false | Child[]} Child
 */

/**
 * Creates an element. `properties` are attributes; a function is a listener, and `true` an empty attribute.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") created.addEventListener(name, /** @type {EventListener} */ (value));
    else if (value === true) created.setAttribute(name, "");
    else if (typeof value === "string" || typeof value === "number") created.setAttribute(name, String(value));
  }
  append(created, children);
  return created;
}

/**
 * Replaces the children of an element.
 * @param {Element} parent
 * @param {...Child} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * Returns the element with that id. Throws when the page has none.
 * @template {HTMLElement} [Found=HTMLElement]
 * @param {string} id
 * @returns {Found}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element '${id}'`);
  return /** @type {Found} */ (found);
}

/**
 * @param {Element} parent
 * @param {Child[]} children
 */
function append(parent, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child !== null && child !== undefined && child !== false) {
      parent.append(child instanceof Node ? child : String(child));
    }
  }
}

const wholeNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

/** @param {number} value */
export const formatNumber = (value) => wholeNumber.format(value);

/**
 * Formats dollars with as many digits as small amounts need.
 * @param {number} value
 */
export function formatUsd(value) {
  const digits = value !== 0 && Math.abs(value) < 0.1 ? 6 : 2;
  return `$${value.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
}

/**
 * Formats an amount of a quota window.
 * @param {string} unit
 * @param {number} value
 */
export function formatAmount(unit, value) {
  if (unit === "usd") return formatUsd(value);
  return `${formatNumber(value)} ${value === 1 ? unit.replace(/s$/, "") : unit}`;
}

/**
 * Formats epoch seconds in local time.
 * @param {number} seconds
 */
export const formatTime = (seconds) => time.format(new Date(seconds * 1000));

/**
 * Formats a UTC day (YYYY-MM-DD).
 * @param {string} date
 */
export const formatDay = (date) => day.format(new Date(date));
