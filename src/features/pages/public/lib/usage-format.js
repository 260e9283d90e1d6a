// Amounts and days of the account page, in the reader's own formats.

/** @typedef {import("./usage-data.js").Measure} Measure */

/**
 * The measures and their names.
 * @type {readonly (readonly [Measure, string])[]}
 */
export const MEASURES = [
  ["tokens", "Tokens"],
  ["requests", "Requests"],
  ["usd", "Dollars"],
];

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: 3 });
const cents = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const partsOfCents = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });

/**
 * Formats dollars in cents. Amounts below ten cents have two digits.
 * @param {number} value
 */
const formatDollars = (value) => `$${(value === 0 || value >= 0.0995 ? cents : partsOfCents).format(value)}`;

/**
 * Formats an amount without its unit; dollars have theirs.
 * @param {Measure} measure
 * @param {number} value
 */
export const formatMeasure = (measure, value) => (measure === "usd" ? formatDollars(value) : whole.format(value));

/**
 * Formats an amount with its unit.
 * @param {Measure} measure
 * @param {number} value
 */
export function formatWithUnit(measure, value) {
  if (measure === "usd") return formatDollars(value);
  return `${whole.format(value)} ${value === 1 ? measure.slice(0, -1) : measure}`;
}

/**
 * Formats an amount for an axis, as short as possible.
 * @param {Measure} measure
 * @param {number} value
 */
export function formatShort(measure, value) {
  if (measure !== "usd") return compact.format(value);
  return value < 1000 ? formatDollars(value) : `$${compact.format(value)}`;
}

// The page is in English, so the names of days and months are too.
const language = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const days = (/** @type {Intl.DateTimeFormatOptions} */ options) =>
  new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" });
const long = days({ weekday: "long", day: "numeric", month: "long" });
const medium = days({ weekday: "short", day: "numeric", month: "short" });
const short = days({ day: "numeric", month: "short" });
const weekday = days({ weekday: "short" });

/** @param {string} date YYYY-MM-DD */
export const longDay = (date) => long.format(new Date(date));
/** @param {string} date YYYY-MM-DD */
export const mediumDay = (date) => medium.format(new Date(date));
/** @param {string} date YYYY-MM-DD */
export const shortDay = (date) => short.format(new Date(date));
/** @param {string} date YYYY-MM-DD */
export const weekdayOf = (date) => weekday.format(new Date(date));
