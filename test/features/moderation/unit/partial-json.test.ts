// The scanner of streamed JSON: each object of a list as soon as it is complete.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createObjectReader } from "../../../../src/features/moderation/partial-json.ts";

const entries = fc.array(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }), { maxLength: 5 });
const awkward = fc.array(
  fc.record({ why: fc.string({ unit: fc.constantFrom("{", "}", "[", "]", '"', "\\", "a", "🌊", ",") }) }),
);

function readAll(pieces: string[]): unknown[] {
  const read = createObjectReader();
  return pieces.flatMap((piece) => read(piece)).map((object) => JSON.parse(object) as unknown);
}

function cut(text: string, places: number[]): string[] {
  const ends = [...places.map((place) => place % (text.length + 1)), text.length].toSorted((one, other) => one - other);
  return ends.map((end, at) => text.slice(at === 0 ? 0 : ends[at - 1], end));
}

describe("the objects of a streamed list", () => {
  it("are returned complete and in order for any content and any split", () => {
    const list = fc.oneof(entries, awkward);
    const property = fc.property(list, fc.array(fc.nat()), fc.boolean(), (rules, places, spaced) => {
      const text = JSON.stringify({ rules }, undefined, spaced ? 2 : 0);
      const written = JSON.parse(JSON.stringify(rules)) as unknown;
      expect(readAll(cut(text, places))).toEqual(written);
      expect(readAll(text.split(""))).toEqual(written);
    });
    fc.assert(property);
  });

  it("are returned at their last character", () => {
    const read = createObjectReader();
    expect(read('{"rules":[{"why":"a } b"')).toEqual([]);
    expect(read("}")).toEqual(['{"why":"a } b"}']);
    expect(read(',{"n":{"deep":[{}]}}]}')).toEqual(['{"n":{"deep":[{}]}}']);
  });
});
