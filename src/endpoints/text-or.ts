// A field that is a text or a list, in a schema whose faults name the very part that is wrong.

import * as v from "valibot";

const Text = v.string();
const Neither = v.never("must be a text or a list");

/** Text, or the list that `schema` describes. A union would say of both only that neither fits. */
export function textOr<Output>(schema: v.GenericSchema<unknown, Output>): v.GenericSchema<unknown, string | Output> {
  return v.lazy((input): v.GenericSchema<unknown, string | Output> => {
    if (typeof input === "string") return Text;
    return Array.isArray(input) ? schema : Neither;
  });
}
