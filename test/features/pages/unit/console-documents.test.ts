// The console's comparison of two documents, and the search for a path in the text of one.

import { describe, expect, it } from "vitest";
import { assert, jsonValue, property } from "fast-check";
import bundled from "../../../../src/core/catalog/default.json" with { type: "json" };
import { countInWords, differences } from "../../../../src/features/pages/public/lib/console-diff.js";
import { lineOf, positionOf } from "../../../../src/features/pages/public/lib/console-json-position.js";

describe("differences", () => {
  it("have the path of each value that was added, removed or changed", () => {
    const before = { plans: { free: { windows: [{ limit: 1 }, { limit: 2 }] } }, old: true };
    const after = { plans: { free: { windows: [{ limit: 1 }, { limit: 3 }] }, pro: {} } };
    const found = differences(before, after);
    expect(found).toEqual([
      { path: "plans.free.windows.1.limit", before: 2, after: 3 },
      { path: "plans.pro", before: undefined, after: {} },
      { path: "old", before: true, after: undefined },
    ]);
    expect(countInWords(found)).toBe("1 added, 1 removed, 1 changed");
  });

  it("compare a list of plain values as a whole, and a list with an object as different from an object", () => {
    expect(differences({ hosts: ["a", "b"] }, { hosts: ["b"] })).toEqual([
      { path: "hosts", before: ["a", "b"], after: ["b"] },
    ]);
    expect(differences([{}], { 0: {} })).toEqual([{ path: "", before: [{}], after: { 0: {} } }]);
  });

  it("are none between a document and its copy", () => {
    assert(property(jsonValue(), (document) => differences(document, structuredClone(document)).length === 0));
  });
});

describe("the position of a path", () => {
  const text = JSON.stringify(bundled, null, 2);
  const lineWith = (path: string) => text.split("\n")[lineOf(text, positionOf(text, path)) - 1]?.trim();

  it.each([
    ["default_plan", '"default_plan": "free",'],
    ["plans.free.windows.1", "{"],
    ["plans.free.windows.1.unit", '"unit": "usd",'],
  ])("%s is the line %s", (path, line) => {
    expect(lineWith(path)).toBe(line);
  });

  it("of a missing field is that of its parent, and of an unknown path the start", () => {
    expect(lineWith("plans.free.nosuch")).toBe(lineWith("plans.free"));
    expect(positionOf(text, "nosuch")).toBe(0);
  });

  it("is found in keys and strings with brackets, quotes and dots", () => {
    const tricky = '{"a{": "}],:", "gpt-4.1": {"b\\"": [[1], {"c": "x"}]}, "e": null}';
    expect(tricky.slice(positionOf(tricky, 'gpt-4.1.b".1.c'))).toMatch(/^"c"/);
    expect(tricky.slice(positionOf(tricky, "e"))).toMatch(/^"e"/);
  });
});
