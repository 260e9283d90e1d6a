// The name of a revision: the same for what says the same, another for what does not.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import bundled from "../../../../src/core/catalog/default.json" with { type: "json" };
import { revisionOf } from "../../../../src/features/admin-catalog/revision.ts";

/** The same JSON with the keys of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, reordered(inner)])
      .toReversed(),
  );
}

/** What a value is as JSON: text that is read and written knows no -0. */
const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

describe("a revision", () => {
  it("is named by sixteen hexadecimal digits", async () => {
    expect(await revisionOf(bundled)).toMatch(/^[0-9a-f]{16}$/);
  });

  it("is the same for any order of keys, however deep", async () => {
    expect(await revisionOf(reordered(bundled))).toBe(await revisionOf(bundled));
    const property = fc.asyncProperty(json, async (document) => {
      expect(await revisionOf(reordered(document))).toBe(await revisionOf(document));
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("is the same for a document that was written and read again, with spaces or without", async () => {
    expect(await revisionOf(JSON.parse(JSON.stringify(bundled, null, 7)))).toBe(await revisionOf(bundled));
  });

  it("is another one for other content", async () => {
    const property = fc.asyncProperty(json, json, async (one, other) => {
      const same = canonical(one) === canonical(other);
      expect((await revisionOf(one)) === (await revisionOf(other))).toBe(same);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it.each<[string, unknown, unknown]>([
    ["the order of a list", { fallback: ["one", "other"] }, { fallback: ["other", "one"] }],
    ["a number for its text", { limit: 1 }, { limit: "1" }],
    ["null for nothing", { models: null }, {}],
    ["an empty list for an empty object", { models: [] }, { models: {} }],
    ["a value under another key", { one: 1, other: 2 }, { one: 2, other: 1 }],
    ["a list for an object with its places", ["one"], { 0: "one" }],
    ["a key that Object has too", JSON.parse('{"__proto__":{"limit":1}}'), {}],
  ])("is another one for %s", async (_what, one, other) => {
    expect(await revisionOf(one)).not.toBe(await revisionOf(other));
  });
});

/** A text that two values share only when they say the same, made another way than the revision is. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`);
  return `{${pairs.toSorted().join()}}`;
}
