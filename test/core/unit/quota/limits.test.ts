// Dollars of a plan as nano-dollars of the ledger, and back.

import * as fc from "fast-check";
import { expect, it } from "vitest";
import { fromAmount, toAmount, toLimits } from "../../../../src/core/quota/limits.ts";

it.each([
  ["usd", 0.1, 100_000_000],
  ["usd", 0.29, 290_000_000],
  ["usd", 1.005, 1_005_000_000],
  ["usd", 0.000000001, 1],
  ["tokens", 20_000, 20_000],
  ["requests", 20_000, 20_000],
] as const)("an amount of %s %f is %i in the ledger", (unit, written, amount) => {
  expect(toAmount(unit, written)).toBe(amount);
  expect(fromAmount(unit, amount)).toBe(written);
});

it("an amount of the ledger is an integer, whatever an operator writes", () => {
  const units = fc.constantFrom("tokens", "requests", "usd");
  const property = fc.property(units, fc.double({ min: 0, max: 1_000_000, noNaN: true }), (unit, written) =>
    Number.isSafeInteger(toAmount(unit, written)),
  );
  fc.assert(property, { numRuns: 300 });
});

it("the limits of a plan keep its windows, with dollars as nano-dollars", () => {
  const tokens = { unit: "tokens", per: "day", limit: 20_000 } as const;
  const usd = { unit: "usd", per: "month", limit: 1.25, models: ["swift"] } as const;
  const plan = { windows: [tokens, { ...usd, models: ["swift"] }], concurrent: 2, max_output_tokens: 100 };
  expect(toLimits(plan)).toEqual({ windows: [tokens, { ...usd, limit: 1_250_000_000 }], concurrent: 2 });
});
