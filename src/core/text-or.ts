// A field that is a text or something else, in a schema whose faults name the very part that is wrong.

import * as v from "valibot";

const Text = v.string();

/** Text, or what `schema` describes. A union would say of both only that neither fits. */
export function textOr<Output>(schema: v.GenericSchema<unknown, Output>): v.GenericSchema<unknown, string | Output> {
  return v.lazy((input): v.GenericSchema<unknown, string | Output> => (typeof input === "string" ? Text : schema));
}
