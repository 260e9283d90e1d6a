// The objects of a list inside of JSON that is still being written, each as soon as it is whole.

/** Depth of the objects: in a list, in an object. */
const DEPTH = 2;

/** Returns a function that takes the next characters and gives the objects that they complete, as JSON text. */
export function createObjectReader(): (text: string) => string[] {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let current = "";

  return (text) => {
    const whole: string[] = [];
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
          whole.push(current);
          current = "";
        }
      }
    }
    return whole;
  };
}
