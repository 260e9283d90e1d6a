// Plain words for the faults that the schema library finds. Its own messages name types of TypeScript.

import type * as v from "valibot";

const TYPES: Record<string, string> = {
  string: "must be a text",
  number: "must be a number",
  boolean: "must be true or false",
  array: "must be a list",
  record: "must be an object",
  object: "must be an object",
  loose_object: "must be an object",
  strict_object: "must be an object",
  integer: "must be a whole number",
  iso_date: "must be a date such as 2026-12-31",
  parse_json: "must be JSON",
  never: "is not supported here",
};

/** Describes a fault as the end of a sentence that begins with the field. Used for schemas without a message. */
export function toWords({ type, expected, requirement, input }: v.BaseIssue<unknown>): string {
  const size = String(requirement);
  switch (type) {
    case "literal":
    case "picklist":
    case "variant":
      return toChoice(expected ?? "");
    case "min_value":
      return `must be at least ${size}`;
    case "max_value":
      return `must be at most ${size}`;
    case "min_length":
      return requirement === 1 ? "must not be empty" : `must have at least ${size} ${unitOf(input)}`;
    case "max_length":
      return `must have at most ${size} ${unitOf(input)}`;
    case "max_entries":
      return `must have at most ${size} fields`;
    default:
      return TYPES[type] ?? "is not valid";
  }
}

const unitOf = (input: unknown) => (typeof input === "string" ? "characters" : "entries");

/** `expected` has the form `("a" | "b")`, or `Object` when the value is not an object. */
function toChoice(expected: string): string {
  if (expected === "Object") return "must be an object";
  const values = expected.replaceAll(/[()]/g, "").replaceAll('"', "'").split(" | ");
  return values.length === 1 ? `must be ${values[0]}` : `must be one of: ${values.join(", ")}`;
}
