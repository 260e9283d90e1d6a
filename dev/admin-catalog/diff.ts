// The differences between two JSON documents, by path.

export interface Difference {
  /** Keys and indices from the outside in, joined by dots. */
  path: string;
  /** Undefined when the document has no value at the path. */
  before: unknown;
  after: unknown;
}

/** Returns every path at which two documents differ. Arrays are compared as a whole. */
export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
