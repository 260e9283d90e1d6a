// An object that says by one of its own fields what it is.

import * as v from "valibot";
import { entry } from "./catalog/schema.ts";

type Named = Record<string, v.GenericSchema>;

/** The schema that the object's field `key` names: its faults are told, and no other's. */
export function oneOf<Schemas extends Named>(
  key: string,
  schemas: Schemas,
): v.GenericSchema<unknown, v.InferOutput<Schemas[keyof Schemas]>> {
  const unknown: v.GenericSchema = v.looseObject({ [key]: v.picklist(Object.keys(schemas)) });
  const named = (input: unknown) => {
    const name = (input as Record<string, unknown> | null)?.[key];
    return typeof name === "string" ? entry<v.GenericSchema>(schemas, name) : undefined;
  };
  return v.lazy((input) => named(input) ?? unknown);
}
