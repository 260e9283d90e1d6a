// Dollars of a plan as nano-dollars of the ledger, and back.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Plan } from "../../../../src/core/catalog/schema.ts";
import { fromAmount, toAmount, toLimits, toUsd } from "../../../../src/core/quota/limits.ts";

describe("an amount", () => {
  it.each([
    [1, 1_000_000_000],
    [0.1, 100_000_000],
    [0.29, 290_000_000],
    [1.005, 1_005_000_000],
    [0.000000001, 1],
    [0, 0],
  ])("of %f dollars is %i nano-dollars", (usd, nanoUsd) => {
    expect(toAmount("usd", usd)).toBe(nanoUsd);
    expect(fromAmount("usd", nanoUsd)).toBe(usd);
    expect(toUsd(nanoUsd)).toBe(usd);
  });

  it.each(["tokens", "requests"] as const)("of %s is what is written", (unit) => {
    expect(toAmount(unit, 20_000)).toBe(20_000);
    expect(fromAmount(unit, 20_000)).toBe(20_000);
  });

  it("is a whole one, whatever an operator writes", () => {
    const written = fc.double({ min: 0, max: 1_000_000, noNaN: true });
    const property = fc.property(fc.constantFrom("tokens", "requests", "usd"), written, (unit, amount) => {
      expect(Number.isSafeInteger(toAmount(unit, amount))).toBe(true);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe("a plan", () => {
  it("keeps its windows, with dollars as nano-dollars", () => {
    const plan: Plan = {
      windows: [
        { unit: "tokens", per: "day", limit: 20_000 },
        { unit: "usd", per: "month", limit: 1.25, models: ["swift"] },
      ],
      concurrent: 2,
      max_output_tokens: 100,
    };
    expect(toLimits(plan)).toEqual({
      windows: [
        { unit: "tokens", per: "day", limit: 20_000 },
        { unit: "usd", per: "month", limit: 1_250_000_000, models: ["swift"] },
      ],
      concurrent: 2,
    });
  });
});
