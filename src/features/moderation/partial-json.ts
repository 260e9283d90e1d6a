// Incremental JSON scanner: extracts the complete objects of a list from streamed text.

/** The nesting depth of the extracted objects: `{"rules":[{…}]}`. */
const DEPTH = 2;

/**
 * Returns a function that takes the next characters and returns the JSON text of each object that they complete. It
 * does not validate: the caller parses each object.
 */
export function createObjectReader(): (text: string) => string[] {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let current = "";

  return (text) => {
    const complete: string[] = [];
    for (const character of text) {
      if (depth > DEPTH || (depth === DEPTH && !inString && character === "{")) current += character;
      if (inString) {
        inString = escaped || character !== '"';
        escaped = !escaped && character === "\\";
      } else if (character === '"') inString = true;
      else if (character === "{" || character === "[") depth += 1;
      else if (character === "}" || character === "]") {
        depth -= 1;
        if (depth === DEPTH && current !== "") {
          complete.push(current);
          current = "";
        }
      }
    }
    return complete;
  };
}
