// Bounds of JSON text, checked before parsing: parsed values can take many times the memory of their text.

import { apiError } from "../errors.ts";

const MAX_DEPTH = 32;
/** Fields, objects and lists: each takes up to 200 bytes of memory. A long conversation with tools has some 10,000. */
const MAX_FIELDS = 50_000;
/** Entries of all lists and objects. The largest input of embeddings has 300,000 tokens. */
const MAX_ENTRIES = 400_000;

/** The parts that were counted so far. Several texts of one body share it. */
export interface CountedJson {
  fields: number;
  entries: number;
}

/**
 * Throws 400 for text that is too deep for recursive code or too large when parsed. Adds its parts to `counted`.
 * Ignores the contents of strings.
 */
export function requireBoundedJson(text: string, counted: CountedJson): void {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text.charAt(index)) {
      case '"':
        index = endOfString(text, index);
        break;
      case "{":
      case "[":
        depth += 1;
        counted.fields += 1;
        break;
      case "}":
      case "]":
        depth -= 1;
        break;
      case ":":
        counted.fields += 1;
        break;
      case ",":
        counted.entries += 1;
        break;
      default:
    }
    if (depth > MAX_DEPTH) throw tooMuch(`is nested more than ${MAX_DEPTH} levels deep`);
    if (counted.fields > MAX_FIELDS) throw tooMuch(`has more than ${MAX_FIELDS} fields, objects and lists`);
    if (counted.entries > MAX_ENTRIES) throw tooMuch(`has more than ${MAX_ENTRIES} entries in its lists and objects`);
  }
}

const tooMuch = (what: string) => apiError("invalid_request", `The body ${what}.`);

/** Returns the index of a string's closing quote. Jumps from quote to quote, because an image is one long string. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
