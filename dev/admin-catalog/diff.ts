// What differs between two JSON documents, one line for each place.

export interface Difference {
  /** Keys and indices from the outside in, joined by dots. */
  path: string;
  /** Undefined where the document has nothing there. */
  before: unknown;
  after: unknown;
}

/** Every place where two documents differ, as deep inside as both go. */
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
