// Finds a path, such as plans.free.windows.0.limit, in the text of a JSON document.

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Returns where the value of each path begins; for a field, where its name begins. The text must be valid JSON.
 * @param {string} text
 * @returns {Map<string, number>}
 */
function positionsOf(text) {
  const found = new Map();
  /** @type {{ path: string, index: number, isKeyNext: boolean, key: string, keyAt: number }[]} */
  const open = [];
  for (const { 0: token, index: at } of text.matchAll(TOKEN)) {
    const parent = open.at(-1);
    if (token === ":") continue;
    if (token === "}" || token === "]") {
      open.pop();
    } else if (token === ",") {
      if (parent && parent.index >= 0) parent.index++;
      else if (parent) parent.isKeyNext = true;
    } else if (parent?.isKeyNext) {
      parent.key = JSON.parse(token);
      parent.keyAt = at;
      parent.isKeyNext = false;
    } else {
      const name = !parent ? "" : parent.index >= 0 ? String(parent.index) : parent.key;
      const path = !parent || parent.path === "" ? name : `${parent.path}.${name}`;
      found.set(path, parent && parent.index < 0 ? parent.keyAt : at);
      if (token === "{") open.push({ path, index: -1, isKeyNext: true, key: "", keyAt: at });
      if (token === "[") open.push({ path, index: 0, isKeyNext: false, key: "", keyAt: at });
    }
  }
  return found;
}

/**
 * Returns the position of a path, or of its nearest parent that exists. 0 when there is none.
 * @param {string} text
 * @param {string} path
 */
export function positionOf(text, path) {
  const positions = positionsOf(text);
  for (let part = path; part !== ""; part = part.slice(0, Math.max(0, part.lastIndexOf(".")))) {
    const position = positions.get(part);
    if (position !== undefined) return position;
  }
  return 0;
}

/**
 * Returns the line of a position, from 1.
 * @param {string} text
 * @param {number} position
 */
export const lineOf = (text, position) => text.slice(0, position).split("\n").length;
