// Periods are aligned to UTC, follow one another without a gap, and hold the moment they were asked for.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Period } from "../../../../src/core/catalog/quota-window.ts";
import { periodEnd, periodStart } from "../../../../src/core/catalog/quota-window.ts";

const PERIODS: Period[] = ["minute", "hour", "day", "month"];
const spanOf = (per: Period, moment: string) => {
  const at = Date.parse(moment);
  return [new Date(periodStart(per, at)).toISOString(), new Date(periodEnd(per, at)).toISOString()];
};

describe("a period", () => {
  it.each([
    ["minute", "2026-11-23T12:34:56.789Z", "2026-11-23T12:34:00.000Z", "2026-11-23T12:35:00.000Z"],
    ["hour", "2026-11-23T12:34:56.789Z", "2026-11-23T12:00:00.000Z", "2026-11-23T13:00:00.000Z"],
    ["day", "2026-11-23T12:34:56.789Z", "2026-11-23T00:00:00.000Z", "2026-11-24T00:00:00.000Z"],
    ["month", "2026-11-23T12:34:56.789Z", "2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
    ["month", "2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["month", "2028-02-29T00:00:00.000Z", "2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"],
    ["day", "2026-11-23T00:00:00.000Z", "2026-11-23T00:00:00.000Z", "2026-11-24T00:00:00.000Z"],
  ] as const)("of a %s around %s goes from %s to %s", (per, moment, start, end) => {
    expect(spanOf(per, moment)).toEqual([start, end]);
  });

  it("holds its moment, and the next one begins where it ends", () => {
    const moments = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
    const property = fc.property(fc.constantFrom(...PERIODS), moments, (per, at) => {
      const [start, end] = [periodStart(per, at), periodEnd(per, at)];
      expect(start <= at && at < end).toBe(true);
      expect(periodStart(per, start)).toBe(start);
      expect(periodStart(per, end - 1)).toBe(start);
      expect(periodStart(per, end)).toBe(end);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
