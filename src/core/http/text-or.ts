// A valibot schema for string-or-object fields with precise error messages.

import * as v from "valibot";

const Text = v.string();

/** A string, or a value of `schema`. A `v.union` would report only that neither option matches. */
export function textOr<Output>(schema: v.GenericSchema<unknown, Output>): v.GenericSchema<unknown, string | Output> {
  return v.lazy((input): v.GenericSchema<unknown, string | Output> => (typeof input === "string" ? Text : schema));
}
