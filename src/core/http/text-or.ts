// A valibot schema for string-or-object fields with precise error messages.

import * as v from "valibot";

const Text = v.string();

/** A string, or a value of `schema`. A `v.union` would report only that neither option matches. */
export function textOr<Output>(schema: v.GenericSchema<unknown, Output>): v.GenericSchema<unknown, string | Output> {
  const neither = v.custom<string>(
    () => false,
    schema.expects === "Object" ? "must be a text or an object" : "must be a text or a list",
  );
  return v.lazy((input): v.GenericSchema<unknown, string | Output> => {
    if (typeof input === "string") return Text;
    return typeof input === "object" && input !== null ? schema : neither;
  });
}
