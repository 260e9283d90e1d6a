// The words for faults: what the value must be, without the schema library's own sentences.

import * as v from "valibot";
import { expect, it } from "vitest";
import { listOf, mapOf, textUpTo } from "../../../../src/core/http/bounded-schemas.ts";
import { toWords } from "../../../../src/core/http/validation-words.ts";

const wordsFor = (schema: v.GenericSchema, value: unknown) =>
  v.safeParse(schema, value, { abortEarly: true, message: toWords }).issues?.[0].message;

it.each<[v.GenericSchema, unknown, string]>([
  [v.string(), null, "must be a text"],
  [v.number(), "7", "must be a number"],
  [v.boolean(), 1, "must be true or false"],
  [v.array(v.string()), {}, "must be a list"],
  [v.strictObject({}), "a", "must be an object"],
  [v.looseObject({}), 7, "must be an object"],
  [v.record(v.string(), v.string()), null, "must be an object"],
  [v.literal("text"), "image", "must be 'text'"],
  [v.literal(false), true, "must be false"],
  [v.picklist(["auto", "default"]), "flex", "must be one of: 'auto', 'default'"],
  [
    v.variant("type", [v.object({ type: v.picklist(["a", "b"]) }), v.object({ type: v.literal("c") })]),
    { type: "d" },
    "must be one of: 'a', 'b', 'c'",
  ],
  [v.variant("type", [v.object({ type: v.literal("a") })]), "text", "must be an object"],
  [v.pipe(v.number(), v.integer()), 1.5, "must be a whole number"],
  [v.pipe(v.number(), v.minValue(1)), 0, "must be at least 1"],
  [v.pipe(v.number(), v.maxValue(128)), 129, "must be at most 128"],
  [v.pipe(v.string(), v.minLength(1)), "", "must not be empty"],
  [v.pipe(v.array(v.string()), v.minLength(2)), ["a"], "must have at least 2 entries"],
  [v.pipe(v.string(), v.isoDate()), "today", "must be a date such as 2026-12-31"],
  [v.pipe(v.string(), v.regex(/a/)), "b", "is not valid"],
  [v.pipe(v.string(), v.regex(/a/, "must have an a")), "b", "must have an a"],
  [textUpTo(3), "abcd", "must have at most 3 characters"],
  [listOf(v.string(), 2), ["a", "b", "c"], "must have at most 2 entries"],
  [mapOf(v.string(), 1), { a: "", b: "" }, "must have at most 1 fields"],
  [mapOf(v.string(), 1), [], "must be an object"],
])("%#: %o of %j %s", (schema, value, words) => {
  expect(wordsFor(schema, value)).toBe(words);
});

it("a list that is too long is refused before its entries are checked", () => {
  let checked = 0;
  const entry = v.pipe(
    v.number(),
    v.check(() => (checked += 1) > 0),
  );
  expect(wordsFor(listOf(entry, 2), [1, 2, 3])).toBe("must have at most 2 entries");
  expect(checked).toBe(0);
});
