// The name of a revision: a hash that is independent of key order.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import bundled from "../../../../src/core/catalog/default.json" with { type: "json" };
import { revisionOf } from "../../../../src/features/admin-catalog/revision.ts";

/** The same JSON with reversed keys in every object. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, inner]): [string, unknown] => [key, reordered(inner)]));
}

describe("a revision", () => {
  it("has a name of sixteen hexadecimal digits", async () => {
    expect(await revisionOf(bundled)).toMatch(/^[0-9a-f]{16}$/);
  });

  it("has the same name for any order of keys at any depth", async () => {
    expect(await revisionOf(reordered(bundled))).toBe(await revisionOf(bundled));
    const property = fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
      const document = JSON.parse(JSON.stringify(value)) as unknown;
      expect(await revisionOf(reordered(document))).toBe(await revisionOf(document));
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it.each<[string, unknown, unknown]>([
    ["another order of a list", { fallback: ["one", "other"] }, { fallback: ["other", "one"] }],
    ["a number for its text", { limit: 1 }, { limit: "1" }],
    ["null for a missing field", { models: null }, {}],
    ["an empty list for an empty object", { models: [] }, { models: {} }],
    ["values under each other's keys", { one: 1, other: 2 }, { one: 2, other: 1 }],
    ["a deep change", { one: [{ other: 1 }] }, { one: [{ other: 2 }] }],
    ["a key that Object has too", JSON.parse('{"__proto__":{"limit":1}}'), {}],
  ])("has another name for %s", async (_what, one, other) => {
    expect(await revisionOf(one)).not.toBe(await revisionOf(other));
  });
});
