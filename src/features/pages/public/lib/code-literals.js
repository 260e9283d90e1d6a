// Writes JSON values as source text of a language. Every string is escaped, so that it stays one literal.

/**
 * @typedef {{ string: (text: string) => string, isTrailingComma: boolean, hasSpaces: boolean, key: (name: string) => string,
 *   object: [string, string, string], array: [string, string, string], nested?: string }} Syntax
 * `object` and `array` are the brackets on several lines, and an empty value; `nested` follows an object in a value.
 */

/** A variable of the sample, in the place of a value. */
export class Variable {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  toString() {
    return this.name;
  }
}

/** A value on one line is at most this long. */
const LINE_LENGTH = 88;

/** Control characters, line separators, and marks that change the direction of text. Code shows them as escapes. */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

const SHORT_ESCAPES = new Map([
  ["\n", String.raw`\n`],
  ["\r", String.raw`\r`],
  ["\t", String.raw`\t`],
]);

/**
 * Returns a string literal. A lone surrogate becomes U+FFFD, because no UTF-8 text has one.
 * @param {string} text
 * @param {{ mark: string, special: string, hasBraces: boolean }} rules `special`: characters after a backslash;
 *   `hasBraces`: escapes are \u{a} and not \u000a
 */
export function quote(text, { mark, special, hasBraces }) {
  let escaped = "";
  for (const character of text.toWellFormed()) escaped += special.includes(character) ? `\\${character}` : character;
  const shown = escaped.replaceAll(INVISIBLE, (character) => SHORT_ESCAPES.get(character) ?? hex(character, hasBraces));
  return `${mark}${shown}${mark}`;
}

/**
 * Escapes invisible characters in JSON text.
 * @param {string} json
 */
export const visibleJson = (json) =>
  json.replaceAll(INVISIBLE, (found) => (found === "\n" ? found : hex(found, false)));

/** @param {string} character @param {boolean} hasBraces */
function hex(character, hasBraces) {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return hasBraces ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}

/**
 * Writes a value. It takes one line if it fits, except at depth 0.
 * @param {unknown} value
 * @param {Syntax} syntax
 * @param {{ indent: string, step: string, depth?: number }} place `indent`: that of the line on which the value begins
 * @returns {string}
 */
export function writeValue(value, syntax, { indent, step, depth = 0 }) {
  if (value instanceof Variable) return value.name;
  if (typeof value === "string") return syntax.string(value);
  if (typeof value !== "object" || value === null) return String(value);
  const isList = Array.isArray(value);
  const [open, close, empty] = isList ? syntax.array : syntax.object;
  const end = close + (isList || depth === 0 ? "" : (syntax.nested ?? ""));
  const deeper = { indent: indent + step, step, depth: depth + 1 };
  const items = isList
    ? value.map((item) => writeValue(item, syntax, deeper))
    : Object.entries(value).map(([name, item]) => syntax.key(name) + writeValue(item, syntax, deeper));
  if (items.length === 0) return empty + end.slice(close.length);
  const space = !isList && syntax.hasSpaces ? " " : "";
  const line = `${open}${space}${items.join(", ")}${space}${end}`;
  if (depth > 0 && !line.includes("\n") && indent.length + line.length <= LINE_LENGTH) return line;
  const lines = items.map((item) => `${deeper.indent}${item}`).join(",\n");
  return `${open}\n${lines}${syntax.isTrailingComma ? "," : ""}\n${indent}${end}`;
}
