// Schemas of lists, objects and texts with bounds.

import * as v from "valibot";

/** A list of at most `most` entries. The length is checked before the entries. */
export const listOf = <Item extends v.GenericSchema>(item: Item, most: number) =>
  v.pipe(v.array(v.unknown()), v.maxLength(most), v.array(item));

/** An object of at most `most` fields with any names. A list is refused. */
export const mapOf = <Value extends v.GenericSchema>(value: Value, most: number) =>
  v.pipe(
    v.unknown(),
    v.check((given) => !Array.isArray(given), "must be an object"),
    v.record(v.string(), v.unknown()),
    v.maxEntries(most),
    v.record(v.string(), value),
  );

/** A text of at most `most` characters. */
export const textUpTo = (most: number) => v.pipe(v.string(), v.maxLength(most));
