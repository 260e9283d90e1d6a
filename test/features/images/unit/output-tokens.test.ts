// The tokens of an image by OpenAI's formula, and the sizes that its models make.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formulaTokens, readImageSize } from "../../../../src/features/images/output-tokens.ts";
import { LEGAL_SIZES } from "../support/sizes.ts";

const SIZES = ["1024x1024", "1536x1024", "2560x1440", "3840x2160", "2880x2880"];

describe("the tokens of an image", () => {
  it.each([
    [16, [196, 158, 205, 371, 659]],
    [24, [439, 343, 478, 865, 1483]],
    [48, [1756, 1372, 1843, 3336, 5930]],
    [64, [3122, 2459, 3276, 5930, 10_542]],
    [96, [7024, 5488, 7370, 13_342, 23_719]],
  ])("of the base %d are those of OpenAI's calculator", (base, tokens) => {
    expect(SIZES.map((size) => formulaTokens(base, readImageSize(size)))).toEqual(tokens);
  });

  it("do not depend on which edge is longer", () => {
    expect(formulaTokens(48, readImageSize("1024x1536"))).toBe(1372);
  });

  it("are exact for every size and base", () => {
    fc.assert(
      fc.property(LEGAL_SIZES, fc.integer({ min: 1, max: 10_000 }), ({ width, height }, base) => {
        const [short, long] = [Math.min(width, height), Math.max(width, height)].map(BigInt) as [bigint, bigint];
        const doubled = 2n * BigInt(base) * short;
        const below = doubled / (2n * long);
        const rest = doubled % (2n * long);
        const isUp = rest > long || (rest === long && below % 2n === 1n);
        const exact = BigInt(base) * (below + (isUp ? 1n : 0n)) * BigInt(2_000_000 + width * height);
        expect(BigInt(formulaTokens(base, { width, height }))).toBe((exact + 3_999_999n) / 4_000_000n);
      }),
      { numRuns: 2000 },
    );
  });

  it("grow with the size up to the largest square", () => {
    fc.assert(
      fc.property(LEGAL_SIZES, (size) => {
        expect(formulaTokens(96, size)).toBeLessThanOrEqual(23_719);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a size", () => {
  it.each([
    ["1024x1024", 1024, 1024],
    ["3840x2160", 3840, 2160],
    ["1920x640", 1920, 640],
    ["1024x640", 1024, 640],
  ])("of %s is accepted", (size, width, height) => {
    expect(readImageSize(size)).toEqual({ width, height });
  });

  it.each([
    ["1024", "width and the height"],
    ["1024X1024", "width and the height"],
    ["-1024x1024", "width and the height"],
    ["0x0", "at least 655360 pixels"],
    ["1000x1024", "multiples of 16"],
    ["1024x1000", "multiples of 16"],
    ["3856x2160", "at most 3840 pixels"],
    ["3072x1008", "at most 3 times"],
    ["1008x3072", "at most 3 times"],
    ["800x816", "at least 655360 pixels"],
    ["3840x2176", "at most 8294400 pixels"],
  ])("of %s is refused with its rule", (size, rule) => {
    expect(() => readImageSize(size)).toThrow(
      expect.objectContaining({
        status: 400,
        body: expect.objectContaining({ param: "size", message: expect.stringContaining(rule) as string }) as object,
      }),
    );
  });
});
