// Quantiles and spreads.

export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** Returns the quantile of the values at `share` (0 to 1), without interpolation. Throws when there are no values. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.floor((sorted.length - 1) * share)];
  if (value === undefined) throw new Error("A quantile needs at least one value.");
  return value;
}

/** Returns median, minimum and maximum. Throws when there are no values. */
export function spreadOf(values: number[]): Spread {
  return { median: quantile(values, 0.5), least: quantile(values, 0), most: quantile(values, 1) };
}
