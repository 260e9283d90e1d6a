// Ways to cut a stream of bytes into pieces.

import * as fc from "fast-check";

/** The same bytes in pieces that end at those positions. */
export function cutAt(bytes: Uint8Array, positions: number[]): Uint8Array[] {
  const ends = [...new Set([...positions, bytes.length])].toSorted((one, other) => one - other);
  return ends.map((end, index) => bytes.slice(index === 0 ? 0 : ends[index - 1], end));
}

/** Every way to cut the bytes in two, one after the other. */
export function* everyCutInTwo(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let position = 1; position < bytes.length; position++) yield cutAt(bytes, [position]);
}

export const singleBytes = (bytes: Uint8Array): Uint8Array[] => cutAt(bytes, [...bytes.keys()].slice(1));

/** Positions for `cutAt`: up to forty, anywhere. */
export const arbitraryCuts = (bytes: Uint8Array): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 40 });
